#include "leyden/tokenizer/unicode_classes.h"

namespace leyden::tokenizer::detail {

#include "leyden/tokenizer/unicode_table.inc"

}  // namespace leyden::tokenizer::detail
