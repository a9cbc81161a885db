
_jobshim_fifo() {
  if compset -P fifo:; then _files; else compadd -S '' fifo:; fi
}

_jobshim() {
  local curcontext=$curcontext name='' help='' verbs
  local -a offered
  if [[ $words[2] == help ]] && ((CURRENT > 2)); then
    help=1
    shift words
    ((CURRENT--))
  fi
  # The command's name, of one word or two.
  while _jobshim_verbs "$name"; do
    if ((CURRENT == 2)); then
      if [[ $name || $help ]]; then
        _describe -t commands 'command' offered
      else
        _jobshim_top
      fi
      return
    fi
    name+=${name:+ }$words[2]
    shift words
    ((CURRENT--))
  done
  [[ $help ]] || _jobshim_arguments "$name"
}

# Both a file of $fpath, whose text is the function, and a script to be sourced.
if [[ $funcstack[1] == _jobshim ]]; then _jobshim "$@"; else compdef _jobshim jobshim; fi
