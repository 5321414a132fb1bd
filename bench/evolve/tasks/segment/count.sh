# Valgrind's own channel is this script's standard error; the program it runs has none of it.
exec valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-fd=9 /usr/bin/python3 -I -S driver.py 9>&2 2>/dev/null
