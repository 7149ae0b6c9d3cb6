# Sourced by ./run and ./test: the Debian packages they need, and how to get those that are missing.
# need_packages WHAT PACKAGE... installs the missing ones, says which, and keeps Debian from starting their services.

build_packages=(
  clang-19 lld-19 cmake ninja-build ccache pkg-config libstdc++-12-dev
  doctest-dev libfmt-dev libxxhash-dev libzstd-dev zlib1g-dev libssl-dev libunbound-dev libsqlite3-dev libicu-dev libuchardet-dev
  libidn2-dev libsodium-dev libtomlplusplus-dev libre2-dev libcli11-dev libboost-json1.81-dev libseccomp-dev libcap-ng-dev libmaxminddb-dev
)
run_packages=(openssl ca-certificates procps)
test_packages=(libclang-rt-19-dev python3 curl postfix nsd bind9-utils strace swaks libnet-ssleay-perl fetchmail getmail6 isync mutt neomutt msmtp mpop offlineimap3 imapfilter fdm libmail-imapclient-perl libio-socket-ssl-perl libauthen-sasl-perl libsasl2-modules prometheus python3-prometheus-client python3-dkim python3-authres clamav clamav-daemon clamav-freshclam opendkim libxml2-utils opendmarc postgrey postfix-policyd-spf-python rspamd libmaxmind-db-writer-perl)
long_packages=(thunderbird dovecot-core dovecot-imapd dovecot-lmtpd)  # for ./test --long alone

. tools/sentences.sh

say() { printf '%s\n' "$*" >&2; }
fail() { say "$1"; exit 1; }

# Debian's way to keep a package's service from starting: while this file says 101, invoke-rc.d starts nothing.
with_services_kept_stopped() {
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy" && ours=1
  fi
  local outcome=0
  "$@" || outcome=$?
  [ -z "$ours" ] || $as_root rm -f "$policy"
  return $outcome
}

need_packages() {
  local what=$1 missing=() package as_root=
  shift
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$(words packages_by_hand "$what" "${missing[*]}" "${missing[*]}")"
    as_root=sudo
  fi
  say "$(words packages_installing "$what" ${#missing[@]} "${missing[*]}")"
  local log
  log=$(mktemp)
  install_missing() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >"$log" 2>&1
  }
  if ! with_services_kept_stopped install_missing; then
    say "$(words packages_lists)"
    $as_root apt-get update >"$log" 2>&1 && with_services_kept_stopped install_missing ||
      { tail -5 "$log" >&2; fail "$(words packages_failed)"; }
  fi
  rm -f "$log"
}
