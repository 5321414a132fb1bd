#pragma once

#include <string_view>

namespace leyden::llm {

// A text in which two tokenizers that are not the same are likely to differ: digits, contractions, runs of whitespace, code, several
// scripts, emoji. All of it in NFC: models whose reference normalises and llama.cpp, which does not, agree on it. No name of a special token
// is in it.
// clang-format off: it breaks the emoji otherwise each time.
inline constexpr std::string_view kProbeText =
    "The quick brown fox can't jump; they'll say it's I'D WE'RE, 3.14159 or 1234567890 times.\n"
    "\n\n  int main(int argc, char** argv) {\n\t\treturn argc > 1 ? 0x1F : -42;   // done\n\t}\r\n"
    "    for i in range(10):\n        print(f\"{i:>5}\")  \n   \n"
    "<html>&amp;</html> a_b-c+d=e/f\\g|h @user #tag $9.99 50% ^~`[]{}!?...---***\n"
    "Straße Ångström naïve café Übung ñandú čeština Łódź İstanbul\n"
    "Привет, мир! Ελληνικά κείμενα. שלום עולם مرحبا بالعالم ١٢٣\n"
    "नमस्ते दुनिया ภาษาไทย 你好，世界。 こんにちは、カタカナ 안녕하세요 세계\n"
    "😀👍🏽👨‍👩‍👧‍👦🇩🇪 ∑∫√∞ ½ ² № … “quotes” ‘single’ — "
    "’s\u00a0\u3000x\u200b\t "
    "\t "
    " ";
// clang-format on

}  // namespace leyden::llm
