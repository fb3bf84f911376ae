#!/bin/sh
# try_installed.sh CMAKE BUILD EXAMPLE CC LIBDIR: installs the pacing library into a folder of its own, builds the example
# against it with what pkg-config says, and runs it.
set -eu
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
"$1" --install "$2" --component pacing --prefix "$to" > "$to/log"
export PKG_CONFIG_PATH="$to/$5/pkgconfig"
sed -i "s|^prefix=.*|prefix=$to|" "$PKG_CONFIG_PATH/cadencia-pacing.pc"
# shellcheck disable=SC2046
"$4" -std=c11 -Wall -Wextra -Werror "$3" -o "$to/example" $(pkg-config --cflags --libs cadencia-pacing)
LD_LIBRARY_PATH="$to/$5" "$to/example"
