# callosum_embed(TARGET NAME FILE): compiles a file into the target as
#   const unsigned char NAME[]; const size_t NAME_size;   (a NUL follows the last byte, not counted)
# at build time. References to source maps are cut, for they would point outside of the page.
# The same file is the script that does it: cmake -DINPUT=... -DOUTPUT=... -DNAME=... -P embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} hex HEX)
  # "/*# sourceMappingURL=...*/" and "//# sourceMappingURL=..." up to the end of the line, in hex
  string(REGEX REPLACE "2f[2a2f]*2320736f757263654d617070696e6755524c3d.*$" "" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)"
    "\\1\n" bytes "${bytes}")
  file(WRITE ${OUTPUT} "/* made from a file by cmake/embed.cmake */\n#include <stddef.h>\n"
    "extern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_size;\n"
    "const unsigned char ${NAME}[] = {\n${bytes}0};\nconst size_t ${NAME}_size = sizeof ${NAME} - 1;\n")
  return()
endif()

set(CALLOSUM_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(callosum_embed target name file)
  get_filename_component(file ${file} ABSOLUTE)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DNAME=${name} -P ${CALLOSUM_EMBED_SCRIPT}
    DEPENDS ${file} ${CALLOSUM_EMBED_SCRIPT} COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
