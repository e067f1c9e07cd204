# Compiler options that every target of the project shares.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_C_FLAGS_RELEASE "-O3")                       # assertions stay on: they cost nothing measurable
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")

add_library(callosum_options INTERFACE)
target_compile_definitions(callosum_options INTERFACE _POSIX_C_SOURCE=200809L)
# The same bits on every machine: no contraction, no reordering, no libm in what must be equal.
target_compile_options(callosum_options INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  -Wall -Wextra $<$<BOOL:${CALLOSUM_WERROR}>:-Werror>)
# The macros of Criterion do not pass these, so the tests go without.
add_library(callosum_warnings INTERFACE)
target_compile_options(callosum_warnings INTERFACE
  -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes)
if(CALLOSUM_FUZZ)
  # -Wno-pass-failed: under the sanitizers clang does not vectorise and would say so
  target_compile_options(callosum_options INTERFACE -fsanitize=fuzzer-no-link -Wno-pass-failed)
endif()
if(CALLOSUM_SANITIZE)
  # under sanitizers gcc warns of what cannot happen; the plain builds have these warnings
  target_compile_options(callosum_options INTERFACE
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    -fsanitize=${CALLOSUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(callosum_options INTERFACE -fsanitize=${CALLOSUM_SANITIZE})
endif()

# callosum_isa_sources(FILE...): compiles each file once per instruction-set level into the library.
# The file writes its public names as CALI_ISA_NAME(name) (base/isa.h); a table picks one at run time.
function(callosum_isa_sources)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set(levels base)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND levels v3 v4)
  endif()
  foreach(level IN LISTS levels)
    string(MD5 key "${ARGN}")
    string(SUBSTRING ${key} 0 8 key)
    set(target callosum_isa_${level}_${key})
    add_library(${target} OBJECT ${ARGN})
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(${target} PRIVATE callosum_options callosum_warnings)
    target_compile_definitions(${target} PRIVATE CALI_ISA=${level})
    # the limits of cali_exp would become cases of their own, computed for every element: 1 / (1 + e^709), a
    # subnormal quotient that costs a hundred cycles
    target_compile_options(${target} PRIVATE -O3 $<$<C_COMPILER_ID:GNU>:-fno-thread-jumps>)
    if(CALLOSUM_SANITIZE)
      target_compile_options(${target} PRIVATE -g1) # lines only: variables of kernels under sanitizers take gcc minutes
    endif()
    if(level STREQUAL v3)
      target_compile_options(${target} PRIVATE -march=x86-64-v3)
    elseif(level STREQUAL v4)
      target_compile_options(${target} PRIVATE -march=x86-64-v4 -mprefer-vector-width=512)
    endif()
    target_sources(callosum PRIVATE $<TARGET_OBJECTS:${target}>)
  endforeach()
endfunction()
