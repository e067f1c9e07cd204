/* What memory there is: limits of control groups, read from a hierarchy that is made here. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "support/support.h"

static void put(const char *root, const char *folder, const char *file, const char *text)
{
    char path[2048];
    snprintf(path, sizeof path, "%s%s", root, folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s%s/%s", root, folder, file);
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL, "%s", path);
    fputs(text, f);
    fclose(f);
}

/* The group itself has no limit, the one above it 3 GB, and the root 8 GB. */
Test(base_memory, the_tightest_group_above_the_process_counts)
{
    const char *root = cali_test_directory();
    put(root, "", "memory.max", "8000000000\n");
    put(root, "/user.slice", "memory.max", "3000000000\n");
    put(root, "/user.slice/run.scope", "memory.max", "max\n");
    cr_expect(eq(dbl, cali_cgroup_limit("0::/user.slice/run.scope\n", root), 3e9));
    cr_expect(eq(dbl, cali_cgroup_limit("0::/user.slice", root), 3e9));
    cr_expect(eq(dbl, cali_cgroup_limit("0::/\n", root), 8e9));
    cr_expect(eq(dbl, cali_cgroup_limit("0::/no/such/group\n", root), 8e9), "of what there is above it");
}

/* Version 1: the line of the memory controller; others, and what is no line of this kind, say nothing. */
Test(base_memory, the_memory_controller_of_version_1_counts)
{
    const char *root = cali_test_directory();
    put(root, "/memory", "memory.limit_in_bytes", "9223372036854771712\n");
    put(root, "/memory/box", "memory.limit_in_bytes", "536870912\n");
    put(root, "/box", "memory.max", "17\n");
    cr_expect(eq(dbl, cali_cgroup_limit("5:devices:/box\n4:memory:/box\n3:cpuset:/\n", root), 536870912.0));
    cr_expect(eq(dbl, cali_cgroup_limit("5:devices:/box\n", root), INFINITY));
    static const char *const nothing[] = {"", "\n\n", "::", "memory", "4:memory", "x\n:y\n", "4:memory:"};
    for (size_t i = 0; i < 7; i++)
        cr_expect(cali_cgroup_limit(nothing[i], root) > 1e18, "%s", nothing[i]);
    put(root, "/memory/box", "memory.limit_in_bytes", "no number");
    cr_expect(cali_cgroup_limit("4:memory:/box", root) > 1e18);
}

Test(base_memory, a_process_may_take_some_memory)
{
    const double limit = cali_memory_limit();
    cr_expect(limit > 1e6 && limit < 1e18, "%g", limit);
}
