
# Offers what $1 (with $2) names for a value, of which $4 is there; $3 stands before it in the same word.
_jobshim_offer() {
  local before=$3 value=$4 word=$3$4 breaks='' cut='' i
  case $1 in
  choice) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$value") ;;
  list)
    if [[ $value == *,* ]]; then
      before+=${value%,*},
      value=${value##*,}
    fi
    mapfile -t COMPREPLY < <(compgen -W "$2" -- "$value")
    ;;
  directory) _jobshim_files -d "$value" ;;
  file) _jobshim_files -f "$value" ;;
  group) mapfile -t COMPREPLY < <(compgen -g -- "$value") ;;
  user) mapfile -t COMPREPLY < <(compgen -u -- "$value") ;;
  jobserver)
    if [[ $value == fifo:* ]]; then
      before+=fifo:
      _jobshim_files -f "${value#fifo:}"
    else
      mapfile -t COMPREPLY < <(compgen -W fifo: -- "$value")
      compopt -o nospace 2>/dev/null
    fi
    ;;
  esac
  # Where Readline splits words at = or : it replaces only what stands behind the last one.
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+==
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
  [[ $breaks && $word == *["$breaks"]* ]] && cut=${word%"${word##*["$breaks"]}"}
  for i in "${!COMPREPLY[@]}"; do
    word=$before${COMPREPLY[i]}
    COMPREPLY[i]=${word#"$cut"}
  done
}

# Offers files (-f), directories (-d), or commands (-c).
_jobshim_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# Completes the command line that begins at word $1, as if it stood alone.
_jobshim_command() {
  local current=${COMP_WORDS[COMP_CWORD]}
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (($1 == COMP_CWORD)) && [[ $current != */* ]]; then
    _jobshim_files -c "$current"
  else
    _jobshim_files -f "$current"
  fi
}

_jobshim() {
  local verbs='' options='' kind='' values='' name='' help='' mixed='' rest=$COMP_LINE word current i n=0 next=1
  local -a words=() at=()
  COMPREPLY=()

  # Readline splits words at = and : as well. Here they are whole again; at[] has where each begins.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
      words[n]=$word
      at[n]=$i
      ((n += 1))
    else
      words[n - 1]+=$word
    fi
    rest=${rest#*"$word"}
  done
  current=${words[n - 1]}

  # The command's name, of one word or two.
  if ((n > 2)) && [[ ${words[1]} == help ]]; then
    help=1
    next=2
  fi
  while _jobshim_verbs "$name" && [[ $verbs ]]; do
    if ((next == n - 1)); then
      [[ $name || $help ]] || verbs+=" $_jobshim_top"
      mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
      return
    fi
    name+=${name:+ }${words[next]}
    ((next += 1))
    verbs=''
  done
  _jobshim_options "$name"
  [[ $options && ! $help ]] || return

  # Its options, up to the first operand where that ends them.
  for (( ; next < n - 1; next++)); do
    word=${words[next]}
    kind=''
    if [[ $word != -?* ]]; then
      [[ $mixed ]] && continue
      break
    fi
    if [[ $word == -- ]]; then
      ((next += 1))
      options=''
      break
    fi
    _jobshim_value "$name" "$word"
    [[ $kind ]] || continue
    if ((next == n - 2)); then
      _jobshim_offer "$kind" "$values" '' "$current"
      return
    fi
    ((next += 1))
  done

  if ((next == n - 1)) && [[ $options && $current == --*=* ]]; then
    _jobshim_value "$name" "${current%%=*}"
    _jobshim_offer "$kind" "$values" "${current%%=*}=" "${current#*=}"
    return
  fi
  kind=''
  _jobshim_operand "$name"
  if ((next == n - 1)) && [[ $options && ($current == -* || ! $kind) ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ $kind == command ]]; then
    _jobshim_command "${at[next]}"
  else
    _jobshim_offer "$kind" "$values" '' "$current"
  fi
}

complete -F _jobshim jobshim
