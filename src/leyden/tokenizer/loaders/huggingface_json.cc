#include "leyden/tokenizer/loaders/huggingface_json.h"

#include <algorithm>

namespace leyden::tokenizer::huggingface {

Component::Component(Context& context, Element element, std::string_view role)
    : context_(&context), role_(role) {
  if (element.get(object_) != simdjson::SUCCESS) {
    context_->malformed("{} is no object", role_);
    return;
  }
  std::string_view type;
  if (object_["type"].get(type) == simdjson::SUCCESS) type_ = type;
}

std::string Component::label() const {
  return type_.empty() ? std::string(role_) : fmt::format("{} \"{:.80}\"", role_, type_);
}

std::optional<Component::Element> Component::find(std::string_view key) {
  seen_.push_back(key);
  Element value;
  if (!context_->ok() || object_[key].get(value) != simdjson::SUCCESS || value.is_null()) {
    return std::nullopt;
  }
  return value;
}

bool Component::flag(std::string_view key, std::optional<bool> otherwise) {
  bool value = false;
  auto found = find(key);
  if (!found && otherwise) return *otherwise;
  if (!found || found->get(value) != simdjson::SUCCESS) {
    context_->malformed("{}: \"{}\" is not true or false", label(), key);
  }
  return value;
}

std::string Component::text(std::string_view key, std::optional<std::string_view> otherwise) {
  std::string_view value;
  auto found = find(key);
  if (!found && otherwise) return std::string(*otherwise);
  if (!found || found->get(value) != simdjson::SUCCESS) {
    context_->malformed("{}: \"{}\" is no text", label(), key);
  }
  return std::string(value);
}

std::uint64_t Component::number(std::string_view key, std::optional<std::uint64_t> otherwise) {
  std::uint64_t value = 0;
  auto found = find(key);
  if (!found && otherwise) return *otherwise;
  if (!found || found->get(value) != simdjson::SUCCESS) {
    context_->malformed("{}: \"{}\" is no number", label(), key);
  }
  return value;
}

std::vector<Component::Element> Component::list(std::string_view key) {
  simdjson::dom::array value;
  auto found = find(key);
  if (!found || found->get(value) != simdjson::SUCCESS) {
    context_->malformed("{}: \"{}\" is no list", label(), key);
    return {};
  }
  return {value.begin(), value.end()};
}

Component::Pattern Component::pattern(std::string_view key) {
  auto found = find(key);
  std::string_view text;
  simdjson::dom::object object;
  if (found && found->get(object) == simdjson::SUCCESS) {
    if (object["String"].get(text) == simdjson::SUCCESS) return {std::string(text), false};
    if (object["Regex"].get(text) == simdjson::SUCCESS) return {std::string(text), true};
  }
  context_->malformed("{}: \"{}\" is neither a String nor a Regex", label(), key);
  return {};
}

void Component::unsupported_type() {
  if (context_->ok()) context_->unsupported("{} \"{:.80}\"", role_, type_);
}

void Component::end() {
  if (!context_->ok()) return;
  for (auto [key, value] : object_) {
    if (std::ranges::find(seen_, std::string_view(key)) == seen_.end()) {
      context_->unsupported("{} with the option \"{:.80}\"", label(), key);
    }
  }
}

SplitBehavior split_behavior(Component& component, std::string_view key,
                             std::optional<std::string_view> otherwise) {
  std::string name = component.text(key, otherwise);
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  component.context().unsupported("the split behavior \"{:.80}\"", name);
  return {};
}

}  // namespace leyden::tokenizer::huggingface
