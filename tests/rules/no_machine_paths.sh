#!/bin/sh
# No tracked file names a path of someone's machine or a host of a package registry. Argument: source folder.
# Without git (a tarball) all files of the source folder but build and runs are looked at.
set -u
cd "$1" || exit 1
list() {
    git ls-files -z 2> /dev/null && [ -d .git ] || [ -f .git ] ||
        find . \( -path ./build -o -path ./runs -o -path ./.git \) -prune -o -type f -print0
}
# the patterns are written so that this file does not match itself
pattern='(^|[^[:alnum:]_.<])/(wor[k]|far[m]|hom[e]/[a-z]|roo[t]/|tm[p]/bash)|index-[u]rl|registr[y] *= *http|(pypi|npmjs)\.or[g]'
found=$(list | xargs -0 grep -nIE "$pattern" -- | grep -v '^LICENSE:' | head -n 20)
n=$(list | tr -cd '\0' | wc -c)
echo "$found"
echo "$n files"
[ -z "$found" ] && [ "$n" -gt 20 ]
