
# Prints the command's name; `option` or `operand`, what may stand where the cursor is; and the operands before it.
function __jobshim_parse
    set -l words (commandline -opc)
    while string match -qr '^\w+=' -- $words[1]
        set -e words[1]
    end
    set -e words[1]
    set -l name $words[1]
    set -e words[1]
    if set -q words[1]; and __jobshim_has_verbs "$name"
        set name "$name $words[1]"
        set -e words[1]
    end
    set -l place option
    while set -q words[1]
        if test "$words[1]" = --
            set place operand
            set -e words[1]
            break
        else if __jobshim_takes_value "$name" $words[1]
            set -e words[1]
        else if not string match -q -- '-?*' $words[1]; and not __jobshim_mixes "$name"
            set place operand
            break
        end
        set -e words[1]
    end
    printf '%s\n' "$name" $place $words
end

# Whether the cursor is where the command $argv[1] has $argv[2]; an operand may stand where an option may.
function __jobshim_at
    set -l parsed (__jobshim_parse)
    test "$parsed[1]" = "$argv[1]"; and contains -- $parsed[2] option $argv[2]
end

# The command line that stands behind ours, completed as if it stood alone.
function __jobshim_command
    set -l parsed (__jobshim_parse)
    if not set -q parsed[3]; and string match -q -- '-*' (commandline -ct)
        return # an option of ours
    end
    complete -C (string join ' ' -- (string escape -- $parsed[3..]) (commandline -ct))
end

function __jobshim_fifos
    set -l value (string replace -r '^--\w+=' '' -- (commandline -ct))
    if string match -q 'fifo:*' -- $value
        string replace -r '^' fifo: -- (__fish_complete_path (string replace fifo: '' -- $value))
    else
        echo fifo:
    end
end
