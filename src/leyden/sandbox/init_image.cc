#include "leyden/sandbox/init_image.h"

// Neither compiler here knows #embed: the assembler brings the file in.
__asm__(
    ".section .rodata\n"
    ".global leyden_sandbox_init_begin\n"
    ".global leyden_sandbox_init_end\n"
    "leyden_sandbox_init_begin:\n"
    ".incbin \"" LEYDEN_SANDBOX_INIT
    "\"\n"
    "leyden_sandbox_init_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char leyden_sandbox_init_begin[];
extern const char leyden_sandbox_init_end[];
}

namespace leyden::sandbox {

std::string_view init_image() { return {leyden_sandbox_init_begin, leyden_sandbox_init_end}; }

}  // namespace leyden::sandbox
