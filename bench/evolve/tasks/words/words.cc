// The words of a text that stand there most often, and how often; of equals the first by the alphabet.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

// EVOLVE-BLOCK-START
bool is_letter(char c) {
  std::string letters = "abcdefghijklmnopqrstuvwxyz";
  bool found = false;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] == c) {
      found = true;
    }
  }
  return found;
}

std::vector<std::string> words_of(std::string text) {
  std::vector<std::string> out;
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_letter(text[i])) {
      word = word + text[i];
    } else if (word.size() > 0) {
      out.push_back(word);
      word = "";
    }
  }
  return out;
}

bool stands_before(std::pair<std::string, int> a, std::pair<std::string, int> b) {
  if (a.second != b.second) {
    return a.second > b.second;
  }
  return a.first < b.first;
}

std::vector<std::pair<std::string, int>> top_words(std::string text, int count) {
  std::map<std::string, int> seen;
  for (auto word : words_of(text)) {
    seen[word] = seen[word] + 1;
  }
  std::vector<std::pair<std::string, int>> all;
  for (auto one : seen) {
    all.push_back(one);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (stands_before(all[j], all[i])) {
        std::swap(all[i], all[j]);
      }
    }
  }
  if (all.size() > count) {
    all.resize(count);
  }
  return all;
}
// EVOLVE-BLOCK-END
