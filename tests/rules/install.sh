#!/bin/sh
# What `cmake --install` puts down is enough for an own program: headers, library and pkg-config. Arguments: source
# and build folder.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cmake --install "$2" --prefix "$scratch/usr" > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
"$scratch/usr/bin/callosum" --version || exit 1
cat > "$scratch/own.c" <<'TEXT'
#include <callosum/connectomes.h>
#include <callosum/experiment.h>
#include <stdio.h>
int main(void)
{
    const cal_context_def def = cal_context_def_default();
    const cal_generate_def generate = cal_generate_def_default();
    cal_context *ctx = NULL;
    cal_connectome *brain = NULL;
    if (cal_context_create(&def, &ctx) != CAL_OK || cal_connectome_generate(ctx, &generate, &brain) != CAL_OK)
        return 1;
    printf("%zu regions\n", cal_connectome_n_regions(brain));
    cal_connectome_destroy(&brain);
    cal_context_destroy(&ctx);
    return 0;
}
TEXT
pc=$(find "$scratch/usr" -name callosum.pc)
flags=$(PKG_CONFIG_PATH=${pc%/*} pkg-config --define-variable=prefix="$scratch/usr" --cflags --libs --static callosum) ||
    exit 1
# shellcheck disable=SC2086 # a list of options
cc -std=c17 "$scratch/own.c" -o "$scratch/own" $flags || exit 1
[ "$("$scratch/own")" = "68 regions" ]
