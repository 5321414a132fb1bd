# tree-sitter's runtime and its grammars, generated C out of npm packages in the user's cache: a library for each, of which a
# program links what it uses. Built without our warnings and with -O1: the parsers are tables, which more would only compile slower.
set(TREE_SITTER_DIR ${LEYDEN_CACHE_DIR}/deps/tree-sitter-1)
if(NOT EXISTS ${TREE_SITTER_DIR}/.complete-1)
  message(FATAL_ERROR "tree-sitter is not in ${TREE_SITTER_DIR}: run ./dev setup")
endif()

set(runtime ${TREE_SITTER_DIR}/tree-sitter/vendor/tree-sitter/lib)
# When a query is compiled, each pattern is followed through the grammar's whole table of states, to say which patterns can never match: half a
# second for Ruby's rules, each time. At this many steps tree-sitter gives up and takes the pattern as it is; we give up at once.
file(READ ${runtime}/src/query.c query)
string(REPLACE "#define MAX_ANALYSIS_ITERATION_COUNT 256" "#define MAX_ANALYSIS_ITERATION_COUNT 0" query_of_ours "${query}")
if(query_of_ours STREQUAL query)
  message(FATAL_ERROR "tree-sitter's query.c bounds its analysis in another way now: see cmake/LeydenGrammars.cmake")
endif()
set(ours ${CMAKE_CURRENT_BINARY_DIR}/tree_sitter)
file(WRITE ${ours}/query.c.new "${query_of_ours}")
configure_file(${ours}/query.c.new ${ours}/query.c COPYONLY)
configure_file(${runtime}/src/lib.c ${ours}/lib.c COPYONLY)  # Includes the query.c beside it, the rest from the package.
add_library(tree_sitter STATIC ${ours}/lib.c)
target_include_directories(tree_sitter SYSTEM PUBLIC ${runtime}/include PRIVATE ${runtime}/src)
target_compile_options(tree_sitter PRIVATE -w -O2 -fno-sanitize=undefined)
target_compile_definitions(tree_sitter PRIVATE _DEFAULT_SOURCE _POSIX_C_SOURCE=200112L)

# leyden_grammar(<name> <folder of its src/>)
function(leyden_grammar name folder)
  file(GLOB scanner ${TREE_SITTER_DIR}/${folder}/src/scanner.c)
  add_library(tree_sitter_${name} STATIC ${TREE_SITTER_DIR}/${folder}/src/parser.c ${scanner})
  target_include_directories(tree_sitter_${name} PRIVATE ${TREE_SITTER_DIR}/${folder}/src)
  target_compile_options(tree_sitter_${name} PRIVATE -w -O1 -g0 -fno-sanitize=undefined)
  target_link_libraries(leyden_grammars INTERFACE tree_sitter_${name})
endfunction()

add_library(leyden_grammars INTERFACE)
target_link_libraries(leyden_grammars INTERFACE tree_sitter)
foreach(name bash c cpp go java javascript python ruby rust)
  leyden_grammar(${name} ${name})
endforeach()
leyden_grammar(c_sharp c-sharp)
leyden_grammar(php php/php)
leyden_grammar(tsx typescript/tsx)
leyden_grammar(typescript typescript/typescript)
