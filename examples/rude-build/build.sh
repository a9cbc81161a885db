#!/bin/sh
# Builds wordmill the way many a build script does: all compilers at once, whatever the machine and MAKEFLAGS say.
set -eu
cd "$(dirname "$0")"
mkdir -p build

pids=
for source in src/*.c; do
  cc -std=c11 -O2 -g -Wall -Wextra -c "$source" -o "build/$(basename "$source" .c).o" &
  pids="$pids $!"
done
for pid in $pids; do
  wait "$pid"
done

cc -o build/wordmill build/*.o
build/wordmill --self-check
