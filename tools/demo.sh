# Sourced by ./run: the parts of the demonstration server.

highest_port_base=$((65535 - 1025))

demo_paths() {
  base=${HIKYAKU_PORT_BASE:-2000}
  [[ $base =~ ^[1-9][0-9]{0,4}$ && $base -le $highest_port_base ]] || fail "$(words bad_port_base "$base" $highest_port_base)"
  var=${HIKYAKU_VAR:-$PWD/var}
  mkdir -p "$var"
  var=$(cd "$var" && pwd)
  data=$var/data config=$var/hikyaku.toml program=${HIKYAKU:-$PWD/build/release/apps/hikyaku/hikyaku}
  domain=demo.example relay_domain=relay.example
  relay_to=127.0.0.1:$((base + 1025))
}

demo_build() {
  [ -z "${HIKYAKU:-}" ] || return 0
  need_packages "$(words to_build)" "${build_packages[@]}" "${run_packages[@]}"
  local log=build/release.log began=$SECONDS
  mkdir -p build
  [ -x "$program" ] || say "$(words building)"
  if ! { cmake --preset release && cmake --build --preset release --target hikyaku; } 2>&1 | tee "$log" | show_progress; then
    grep -E "error|FAILED" "$log" | head -10 >&2 || true
    fail "$(words build_failed $log)"
  fi
  [ $((SECONDS - began)) -lt 10 ] || say "$(words built $((SECONDS - began)))"
}

# One line for every tenth of a build; says whether the build before the pipe succeeded.
show_progress() {
  awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ { tenth = int($2 * 10 / $3); if (tenth != last && $3 > 20) { printf "  %d/%d\n", $2, $3; fflush(); last = tenth } }' >&2
  return "${PIPESTATUS[0]}"
}

demo_is_running() { [ -x "$program" ] && [ -f "$config" ] && "$program" --config "$config" status --json >/dev/null 2>&1; }

demo_stop() {
  local pid
  if ! pid=$("$program" --config "$config" status --json 2>/dev/null | sed -n 's/^{"pid":\([0-9]*\).*/\1/p') || [ -z "$pid" ]; then
    say "$(words nothing_runs)"
    return
  fi
  demo_end "$pid"
}

# Ends the server with this number and waits for it.
demo_end() {
  local pid=$1
  kill -TERM "$pid" 2>/dev/null || true
  for _ in $(seq 300); do
    # A process that ended and that nobody has waited for still has its number.
    grep -qs "^State:[[:space:]]*[^Z]" "/proc/$pid/status" || { say "$(words stopped)"; return 0; }
    sleep 0.1
  done
  fail "$(words not_ended $pid $pid)"
}

demo_certificate() {
  [ -s "$var/tls/key.pem" ] && openssl x509 -in "$var/tls/certificate.pem" -checkend 86400 -noout >/dev/null 2>&1 && return
  mkdir -p "$var/tls"
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj "/CN=mail.$domain" \
    -addext "subjectAltName=DNS:mail.$domain,DNS:localhost,IP:127.0.0.1,IP:::1" \
    -keyout "$var/tls/key.pem" -out "$var/tls/certificate.pem" 2>"$var/tls/openssl.log") ||
    fail "$(words no_certificate "$(tail -1 "$var/tls/openssl.log")")"
}

demo_prepare() {
  mkdir -p "$data"
  demo_owner
  demo_certificate
  local relay_networks='[]'
  [ -z "$open_relay" ] || relay_networks='["127.0.0.0/8", "::1"]'
  cat >"$config" <<TOML
# Written by ./run at each start.
[node]
hostname = "mail.$domain"
data = "$data"
[listen]
smtp = ["*:$((base + 525))"]
submission = ["*:$((base + 587))"]
submissions = ["*:$((base + 465))"]
lmtp = ["127.0.0.1:$((base + 424))"]
pop3 = ["*:$((base + 110))"]
pop3s = ["*:$((base + 995))"]
imap = ["*:$((base + 143))"]
imaps = ["*:$((base + 993))"]
[tls]
certificate = "$var/tls/certificate.pem"
key = "$var/tls/key.pem"
[smtp]
relay_networks = $relay_networks
[spool]
reserve = "64MiB"
TOML
  printf '#!/bin/sh\nexec "%s" --config "%s" "$@"\n' "$program" "$config" >"$var/hikyaku"
  chmod 755 "$var/hikyaku"
}

# Started by root, the services run as a user of their own, where that user can reach the folder.
demo_owner() {
  [ "$(id -u)" = 0 ] || return 0
  local user=hikyaku
  id -u $user >/dev/null 2>&1 || useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin $user 2>/dev/null || return 0
  if setpriv --reuid $user --regid "$(id -g $user)" --clear-groups test -x "$data" 2>/dev/null; then
    chown -R "$user:" "$data"
  else
    say "$(words runs_as_root $user "$data")"
    chown -R root: "$data"
  fi
}

# From the start of the server on, however this script ends the server ends with it, unless demo_leave_running was called:
# Ctrl-C, a closed terminal and a failure half-way leave nothing behind.
demo_leave() {
  local status=$? job
  trap - EXIT
  trap '' INT TERM HUP
  for job in $(jobs -p); do [ "$job" = "${server_pid:-}" ] || kill "$job" 2>/dev/null || true; done
  [ -z "${server_pid:-}" ] || { say "" || true; demo_end "$server_pid" || status=1; }
  exit $status
}

demo_leave_running() { trap - EXIT INT TERM HUP; }

demo_fail_of_ports() {
  ! grep -q "another program has the port" "$1" || fail "$(words port_taken $((base + 1000)))"
}

demo_start() {
  local output=$var/serve.log interrupted=
  : >"$output"
  trap 'interrupted=1' INT TERM HUP
  setsid "$program" --config "$config" serve </dev/null >>"$output" 2>&1 &
  server_pid=$!
  trap demo_leave EXIT
  trap 'exit 130' INT TERM HUP
  [ -z "$interrupted" ] || exit 130
  for _ in $(seq 600); do
    if ! kill -0 $server_pid 2>/dev/null; then
      cat "$output" >&2
      demo_fail_of_ports "$output"
      fail "$(words not_started)"
    fi
    local state
    state=$("$program" --config "$config" status --json 2>/dev/null || true)
    case $state in
      *'"state":"failing"'*) failing=$((${failing:-0} + 1)); [ $failing -lt 50 ] || { cat "$output" >&2; demo_fail_of_ports "$output"; fail "$(words keeps_failing "$var/hikyaku")"; } ;;
      *'"state":"starting"'*|'') ;;
      *) return 0 ;;
    esac
    sleep 0.1
  done
  fail "$(words not_ready "$var/hikyaku" "$output")"
}

demo_accounts() {
  local hikyaku=$var/hikyaku
  user1=taro@$domain user2=hanako@$domain
  if [ -s "$var/passwords" ]; then
    . "$var/passwords"
    return
  fi
  pass1=$(openssl rand -hex 9) pass2=$(openssl rand -hex 9)
  {
    "$hikyaku" domain add $domain
    printf '%s\n' "$pass1" | "$hikyaku" account add $user1 --name '山田 太郎' --password-stdin
    printf '%s\n' "$pass2" | "$hikyaku" account add $user2 --name '鈴木 花子' --password-stdin
    "$hikyaku" route add "$relay_domain,${relay_to%:*},${relay_to##*:}"
  } >"$var/setup.log" 2>&1 || { cat "$var/setup.log" >&2; fail "$(words no_accounts "$var")"; }
  (umask 077 && printf 'pass1=%s\npass2=%s\n' "$pass1" "$pass2" >"$var/passwords")
}

demo_environment() {
  local pids
  pids=$("$program" --config "$config" status --json | grep -oE '"(control_)?pid":[0-9]+' | grep -oE '[0-9]+' | tr '\n' ' ')
  (umask 077 && cat >"$var/demo.env") <<ENV
HOST=127.0.0.1
SMTP_PORT=$((base + 525))
SUBMISSION_PORT=$((base + 587))
SUBMISSIONS_PORT=$((base + 465))
LMTP_PORT=$((base + 424))
IMAP_PORT=$((base + 143))
IMAPS_PORT=$((base + 993))
POP3_PORT=$((base + 110))
POP3S_PORT=$((base + 995))
USER1=$user1
PASS1=$pass1
USER2=$user2
PASS2=$pass2
RELAY_DOMAIN=$relay_domain
RELAY_TO=$relay_to
PIDS="${pids% }"
ENV
}

# Services that an earlier command stopped stay stopped: nobody shall wait for them.
demo_stopped() {
  "$program" --config "$config" status --json | grep -oE '"name":"[^"]*","state":"stopped","stopped_since":"[^"]*","stopped_by":"[^"]*"' |
    while IFS='"' read -r _ _ _ name _ _ _ _ _ _ _ since _ _ _ by _; do
      words service_stopped "$name" "${since%%.*}" "$by" "$var/hikyaku" "$name"
      echo
    done
}

demo_card() {
  local stopped
  stopped=$(demo_stopped || true)
  [ -z "$stopped" ] || printf '\n%s\n%s\n' "$(words stay_stopped)" "$stopped"
  cat <<CARD

$(words runs${stopped:+_but})
$(words ports $((base + 525)) $((base + 587)) $((base + 465)) $((base + 424)))
$(words mail_ports $((base + 110)) $((base + 995)) $((base + 143)) $((base + 993)))
$(words account "$user1" "$pass1")
$(words account "$user2" "$pass2")

$(words to_try)
    swaks --server 127.0.0.1:$((base + 587)) -tls -au $user1 -ap $pass1 -f $user1 -t $user2
    curl --insecure imaps://127.0.0.1:$((base + 993))/INBOX -u $user2:$pass2 -X 'FETCH 1:* (FLAGS ENVELOPE)'
    $var/hikyaku status

CARD
}

demo_follow() {
  say "$(words log_follows)"
  trap 'exit 0' INT TERM HUP
  "$var/hikyaku" log --follow &
  while kill -0 $server_pid 2>/dev/null; do sleep 0.5 & wait $! || true; done
  server_pid=
  tail -5 "$var/serve.log" >&2
  fail "$(words ended_by_itself)"
}
