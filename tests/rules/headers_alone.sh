#!/bin/sh
# Every public header is complete alone, as C17 and as C++17, without a warning. Arguments: source and build folder.
set -u
source=$1
failures=0 n=0
compile() { # COMPILER STANDARD LANGUAGE HEADER
    printf '#include "callosum/%s"\n' "$4" |
        "$1" -std="$2" -x "$3" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$source/include" - || {
        echo "FAILED: callosum/$4 as $2"
        failures=$((failures + 1))
    }
}
command -v c++ > /dev/null || { echo "no C++ compiler"; exit 1; }
for path in "$source"/include/callosum/*.h; do
    header=${path##*/}
    compile cc c17 c "$header"
    compile c++ c++17 c++ "$header"
    n=$((n + 1))
done
echo "$n headers, $failures failures"
[ "$n" -gt 0 ] && [ "$failures" = 0 ]
