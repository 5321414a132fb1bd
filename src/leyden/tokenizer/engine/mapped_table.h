#pragma once

#include <cstddef>

namespace leyden::tokenizer::engine {

// Tells the system that `bytes` at `data`, not yet touched, may be huge pages as far as they hold some: a page fault per 4 KiB
// costs more than encoding what goes there. No harm where it can't.
void prefer_huge_pages(void* data, std::size_t bytes);

// Zeroed memory that costs nothing until it is touched. From 2 MiB on in huge pages where the system has some: look-ups at
// random places then need few address translations. At a whole page's address.
class MappedTable {
 public:
  MappedTable() = default;
  explicit MappedTable(std::size_t bytes);  // Throws std::bad_alloc.
  ~MappedTable();
  MappedTable(MappedTable&& other) noexcept;
  MappedTable& operator=(MappedTable&& other) noexcept;
  [[nodiscard]] void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace leyden::tokenizer::engine
