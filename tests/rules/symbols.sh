#!/bin/sh
# Names that the library gives to the linker begin with cal_ or cali_, and it holds nothing mutable outside
# of objects but what is excepted below. Arguments: source and build folder.
set -u
library=$2/libcallosum.a
[ -f "$library" ] || { echo "no $library"; exit 1; }
# The gate of forks: pthread_atfork knows no objects, only the process.
excepted='gate|is_registered|depth'
table=$(objdump -t "$library" | awk 'NF > 4 && $(NF-2) ~ /^\./ { print $2, $(NF-2), $NF }')
names=$(echo "$table" | awk '$1 == "g" && $3 !~ /^__(odr|asan|ubsan|sanitizer)/ { print $3 }')
[ -n "$names" ] || { echo "objdump found no symbols"; exit 1; }
{
    echo "$names" | grep -v '^cali\?_' | sed 's/$/ begins with neither cal_ nor cali_/'
    echo "$table" | awk '$2 ~ /^\.(data|bss|tdata|tbss|COM)/ && $2 !~ /rel\.ro/ && $3 !~ /^\./ { print $3 }' |
        grep -vxE "(__.*|$excepted)" | sed 's/$/ is mutable and global/'
} > "$2/symbols.txt"
cat "$2/symbols.txt"
echo "$(echo "$names" | wc -l) names, $(wc -l < "$2/symbols.txt") problems"
[ ! -s "$2/symbols.txt" ]
