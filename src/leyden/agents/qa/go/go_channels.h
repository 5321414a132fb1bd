#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leyden::qa {

inline constexpr std::size_t kGoChannelRoom =
    100;  // What is sent beyond it waits for ever; leyden_values.go has it, too.

// Helpers of tests for channels of one kind of element. A function that receives is given one that is filled and closed, one that sends one with room, which is
// drained afterwards: what is sent later, by what goes on in the background, is not seen.
struct GoChannel {
  std::string filled;   // "filledInt": the helpers' names.
  std::string drained;  // "drainedInt"
  std::string filled_text;
  std::string drained_text;
};
[[nodiscard]] GoChannel go_channel(const std::string& element);

// "Action" of "chan<- Action"; empty: it is no channel.
[[nodiscard]] std::string_view go_channel_element(std::string_view type);

}  // namespace leyden::qa
