# shellcheck shell=bash
# packages.sh — sourced by tools/demo and tools/test: installs the Debian packages that are missing.
# need_packages FILE…: each file lists one package a line, # begins a comment. Returns 1 with a clear message when it cannot.

say() { printf '%s\n' "$*"; }

package_there() { # libfoo and libfoo:amd64 alike
  [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1)" = installed ]
}

need_packages() {
  local missing=() package as_root=() log
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This machine is not Debian (no dpkg and apt-get). Cadencia is built on Debian 12; the packages it needs are in: $*" >&2
    return 1
  fi
  while read -r package; do
    package_there "$package" || missing+=("$package")
  done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@")
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Missing Debian packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "Installing them needs root. Run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
    say "Installing them with sudo apt-get (it may ask for your password) ..."
  else
    say "Installing them with apt-get ..."
  fi
  log=$(mktemp)
  if { "${as_root[@]}" apt-get update -q &&
       "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    rm -f "$log"
    say "Installed."
    return 0
  fi
  tail -n 15 "$log" >&2
  if grep -qiE 'could not resolve|temporary failure|network is unreachable|failed to fetch|connection (refused|timed out)' "$log"; then
    say "The packages could not be fetched: this machine seems to be offline, or its package server does not answer." >&2
    say "With a connection, run this again; or install by hand: apt-get install --no-install-recommends ${missing[*]}" >&2
  else
    say "apt-get failed; its last lines are above (all of them: $log)." >&2
  fi
  return 1
}
