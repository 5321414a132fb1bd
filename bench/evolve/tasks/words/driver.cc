#include <cstdio>

int main() {
  std::string text;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) text += static_cast<char>(c);
  for (const auto& one : top_words(text, 12)) std::printf("%s %d\n", one.first.c_str(), one.second);
}
