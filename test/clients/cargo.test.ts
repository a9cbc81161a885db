import { type ClientKey, clients } from '../support/clients.js'
import { driveUnderRun } from '../support/driver.js'
import { test } from '../support/test-with.js'

const parts = ['hash', 'lines', 'search', 'slice', 'utf8', 'words']

const files = {
  'Cargo.toml': '[package]\nname = "mill"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n',
  'build.rs': `use std::{env, process::Command, thread};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let workers: Vec<_> = [${parts.map(name => `"${name}"`).join(', ')}]
        .into_iter()
        .map(|name| {
            let object = format!("{out}/{name}.o");
            println!("cargo:rustc-link-arg={object}");
            thread::spawn(move || Command::new("cc").args(["-c", &format!("{name}.c"), "-o", &object]).status().unwrap())
        })
        .collect();
    for worker in workers {
        assert!(worker.join().unwrap().success());
    }
}
`,
  'src/main.rs': `extern "C" {
    fn words(text: i32) -> i32;
}

fn main() {
    println!("{}", unsafe { words(1000) });
}
`,
}

/** Which make is on PATH decides whether the pool is told as R,W or as a FIFO; cargo knows both. */
const styles: readonly ClientKey[] = ['make43', 'make44']

for (const key of styles)
  driveUnderRun({
    name: `${clients[key].name} :: cargo with a build script`,
    needs: ['cargo', key],
    files,
    command: ['sh', '-c', 'CARGO_INCREMENTAL=0 cargo build --quiet --offline && target/debug/mill'],
    outputs: /out\/\w+\.o$|debug\/mill$/,
  })

/** Each of them, and each -j, would have slots that nobody paid for. */
driveUnderRun({
  name: 'cargo -j8 :: three at once',
  needs: ['cargo'],
  files: {
    ...Object.fromEntries(
      ['a', 'b', 'c'].flatMap(name => [
        [
          `${name}/Cargo.toml`,
          `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n`,
        ],
        [`${name}/src/main.rs`, 'fn main() {}\n'],
      ]),
    ),
    'build.sh': `#!/bin/sh\n${['a', 'b', 'c'].map(name => `(cd ${name} && exec cargo build -j8 --quiet --offline) &`).join('\n')}\nwait\n`,
  },
  command: ['./build.sh'],
  outputs: /debug\/[abc]$/,
  noise:
    /^warning: a `-j` argument was passed to Cargo but Cargo is also configured with an external jobserver/,
  jobs: [1, 2],
})

test.run()
