# Valgrind's own channel is this script's standard error; the program it runs has none of it.
set -e
cat "$1" driver.cc >"$TMPDIR/all.cc"
c++ -std=c++17 -O1 -w -o "$TMPDIR/all" "$TMPDIR/all.cc"
exec valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-fd=9 "$TMPDIR/all" <text.txt 9>&2 2>/dev/null
