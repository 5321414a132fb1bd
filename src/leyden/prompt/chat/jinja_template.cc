#include "leyden/prompt/chat/jinja_template.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <stdexcept>

#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>

#include "leyden/base/utf8.h"
#include "leyden/prompt/chat/dates.h"
#include "leyden/prompt/chat/encode_parts.h"
#include "leyden/prompt/chat/python_text.h"

namespace leyden::prompt {

namespace {

constexpr std::size_t kSourceBytesMax = 256 * 1024;
constexpr std::size_t kOutputBytesMax = 256 * 1024 * 1024;
constexpr std::size_t kNestingMax = 64;             // Of brackets and of blocks.
constexpr std::size_t kExpressionTokensMax = 4096;  // The parser recurses in these.
constexpr std::int64_t kRangeMax = 100'000;
constexpr std::size_t kStackBytesMax = 2 * 1024 * 1024;  // Of the 8 MiB that a thread has.
constexpr auto kTimeMax = std::chrono::seconds(5);

struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The engine has no place to ask "go on?". But it copies all variables for each turn of a loop and each call of a macro, and asks their
// names whether they can be keys: this name, of a variable that no template knows, looks at clock and stack then.
class Watch final : public jinja::value_string_t {
 public:
  Watch()
      : value_string_t(std::string("\x01watch")),
        end_(std::chrono::steady_clock::now() + kTimeMax),
        stack_(stack_position()) {}

  bool is_immutable() const override {
    if (std::chrono::steady_clock::now() > end_) throw TimedOut("takes too long");
    const std::uintptr_t here = stack_position();
    if ((here > stack_ ? here - stack_ : stack_ - here) > kStackBytesMax)
      throw std::runtime_error("calls itself too often");
    return true;
  }

 private:
  static std::uintptr_t stack_position() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  }

  std::chrono::steady_clock::time_point end_;
  std::uintptr_t stack_;
};

// Python can't add an object or a list to a text; the engine would write something.
struct StrictObject final : jinja::value_object_t {
  jinja::string as_string() const override { throw std::runtime_error("uses an object as text"); }
};
struct StrictArray final : jinja::value_array_t {
  jinja::string as_string() const override { throw std::runtime_error("uses a list as text"); }
};

// A number that stands for another one while the template runs: the engine writes it as `written` in every place.
struct NumberStandIn final : jinja::value_float_t {
  NumberStandIn(double stand_in, std::string written, bool is_true)
      : value_float_t(stand_in), written_(std::move(written)), is_true_(is_true) {}
  jinja::string as_string() const override { return jinja::string(written_); }
  bool as_bool() const override { return is_true_; }

 private:
  std::string written_;
  bool is_true_;
};

jinja::value text_value(std::string text, bool content) {
  auto value = jinja::mk_val<jinja::value_string>(std::move(text));
  if (content) value->mark_input();
  return value;
}

// What is in no text of a conversation and not in the template.
struct Unused {
  std::string guard;        // A private-use character.
  std::string number_ends;  // "7e+200"
};

// Names of special tokens in content, broken while the template runs; and numbers that the engine would write otherwise than
// Python: 1.00007e+200 stands for the first, 1.00017e+200 for the second.
class StandIns {
 public:
  // tokenizer == nullptr: names of special tokens are left as they are.
  StandIns(const Unused& unused, const tokenizer::Tokenizer* tokenizer)
      : unused_(unused), tokenizer_(tokenizer) {}

  // An assistant's own <think> and </think> are left, too: many templates cut its words there.
  std::string guarded(std::string_view text, bool by_assistant = false) {
    if (tokenizer_ == nullptr) return std::string(text);
    std::string out;
    for (const TemplatePart& part : split_at_special(*tokenizer_, text)) {
      const bool is_left = by_assistant && (part.text == "<think>" || part.text == "</think>");
      if (!part.special || is_left) {
        out += part.text;
        continue;
      }
      const std::size_t first = utf8::decode(part.text, 0).size;
      out += part.text.substr(0, first) + unused_.guard + part.text.substr(first);
      broke_names_ = true;
    }
    return out;
  }

  jinja::value number(const Json& number) {
    if (numbers_.size() == kNumbersMax) throw std::runtime_error("has too many numbers to write");
    const std::string written = fmt::format("{}.{:04}{}", 1 + numbers_.size() / 10'000,
                                            numbers_.size() % 10'000, unused_.number_ends);
    numbers_.push_back(python_json(number));
    return std::make_shared<NumberStandIn>(std::stod(written), written, number.get<double>() != 0);
  }

  // Of a part of the output: the numbers in their places.
  [[nodiscard]] std::string with_numbers(const std::string& text) const {
    constexpr std::size_t kBefore = 6;  // "1.0000"
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = 0; (at = text.find(unused_.number_ends, at)) != std::string::npos;) {
      if (at < kBefore) throw std::runtime_error("takes a number apart");
      const std::string digits = text[at - kBefore] + text.substr(at - 4, 4);
      out.append(text, done, at - kBefore - done).append(numbers_.at(std::stoul(digits) - 10'000));
      done = at += unused_.number_ends.size();
    }
    return out.append(text, done);
  }
  [[nodiscard]] std::string without_guards(const std::string& text) const {
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = 0; (at = text.find(unused_.guard, done)) != std::string::npos;) {
      out.append(text, done, at - done);
      done = at + unused_.guard.size();
    }
    return out.append(text, done);
  }
  [[nodiscard]] bool broke_names() const { return broke_names_; }

 private:
  static constexpr std::size_t kNumbersMax = 90'000;

  const Unused& unused_;
  const tokenizer::Tokenizer* tokenizer_;
  std::vector<std::string> numbers_;
  bool broke_names_ = false;
};

jinja::value to_value(const Json& json, StandIns& stand_ins) {
  switch (json.type()) {
    case Json::value_t::object: {
      auto object = jinja::mk_val<StrictObject>();
      for (const auto& [key, value] : json.items())
        object->insert(text_value(stand_ins.guarded(key), true), to_value(value, stand_ins));
      return object;
    }
    case Json::value_t::array: {
      auto array = std::make_shared<StrictArray>();
      for (const Json& item : json) array->push_back(to_value(item, stand_ins));
      return array;
    }
    case Json::value_t::string:
      return text_value(stand_ins.guarded(json.get_ref<const std::string&>()), true);
    case Json::value_t::boolean:
      return jinja::mk_val<jinja::value_bool>(json.get<bool>());
    case Json::value_t::number_integer:
      return jinja::mk_val<jinja::value_int>(json.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX))
        return jinja::mk_val<jinja::value_int>(json.get<std::int64_t>());
      [[fallthrough]];
    case Json::value_t::number_float:
      return stand_ins.number(json);
    default:
      return jinja::mk_val<jinja::value_none>();
  }
}

// The conversation with its JSON read.
struct Inputs {
  std::vector<Json> tools;
  std::vector<std::vector<Json>> arguments;  // Of each message's calls.
};

Result<Inputs> read_inputs(const Conversation& conversation) {
  Inputs inputs;
  for (const std::string& tool : conversation.tools) {
    auto json = parse_json(tool, fmt::format("tool definition {}:", inputs.tools.size() + 1));
    if (!json) return std::unexpected(json.error());
    inputs.tools.push_back(std::move(*json));
  }
  for (const Message& message : conversation.messages) {
    auto& calls = inputs.arguments.emplace_back();
    for (const ToolCall& call : message.tool_calls) {
      auto json =
          parse_json(call.arguments, fmt::format("message {}: arguments of tool call {}:",
                                                 inputs.arguments.size(), calls.size() + 1));
      if (!json) return std::unexpected(json.error());
      calls.push_back(std::move(*json));
    }
  }
  return inputs;
}

// A template that asks whether a message's content is none gets none where there is no content; others get no content,
// as from transformers.
bool asks_for_none(std::string_view source) {
  return source.contains("['content'] is no") || source.contains("[\"content\"] is no") ||
         source.contains("message.content is no");
}

// What a run gives to the template besides the conversation's own texts.
struct Shape {
  bool arguments_as_text = false;
  bool none_for_no_content = false;
};

jinja::value message_value(const Message& message, const std::vector<Json>& arguments, Shape shape,
                           StandIns& stand_ins) {
  auto content = [&](const std::string& text) { return text_value(stand_ins.guarded(text), true); };
  auto value = jinja::mk_val<StrictObject>();
  value->value_object_t::insert("role", text_value(std::string(name_of(message.role)), false));
  auto set = [&](const char* key, jinja::value what) {
    value->value_object_t::insert(std::string(key), std::move(what));
  };
  if (message.content) {
    const bool by_assistant = message.role == Role::assistant;
    set("content", text_value(stand_ins.guarded(*message.content, by_assistant), true));
  } else if (shape.none_for_no_content) {
    set("content", jinja::mk_val<jinja::value_none>());
  }
  if (message.reasoning) {
    set("reasoning_content", content(*message.reasoning));
    set("thinking",
        content(*message.reasoning));  // gpt-oss's name for it, as transformers gives it.
  }
  if (!message.tool_call_id.empty()) set("tool_call_id", content(message.tool_call_id));
  if (!message.name.empty()) set("name", content(message.name));
  if (message.tool_calls.empty()) return value;
  auto calls = jinja::mk_val<jinja::value_array>();
  for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
    const ToolCall& call = message.tool_calls[i];
    auto function = jinja::mk_val<StrictObject>();
    function->value_object_t::insert("name", content(call.name));
    function->value_object_t::insert("arguments", shape.arguments_as_text
                                                      ? content(call.arguments)
                                                      : to_value(arguments[i], stand_ins));
    auto item = jinja::mk_val<StrictObject>();
    item->value_object_t::insert("type", text_value("function", false));
    if (!call.id.empty()) item->value_object_t::insert("id", content(call.id));
    item->value_object_t::insert("function", function);
    calls->push_back(jinja::value(item));
  }
  set("tool_calls", calls);
  return value;
}

std::string format_date(std::chrono::year_month_day date, const std::string& format) {
  std::tm time{};
  time.tm_year = static_cast<int>(date.year()) - 1900;
  time.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  time.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  const auto days = std::chrono::sys_days(date);
  time.tm_wday = static_cast<int>(std::chrono::weekday(days).c_encoding());
  time.tm_yday = static_cast<int>(
      (days - std::chrono::sys_days(date.year() / std::chrono::January / 1)).count());
  std::array<char, 256> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), format.c_str(), &time);
  if (size == 0) throw std::runtime_error("asks for a date in a form that is empty or too long");
  return {buffer.data(), size};
}

// The functions that would read the clock or fill the memory.
void set_functions(jinja::context& context, const RenderOptions& options) {
  context.set_val(
      "strftime_now",
      jinja::mk_val<jinja::value_func>(
          "strftime_now", [date = options.date](const jinja::func_args& args) -> jinja::value {
            if (!date) throw std::runtime_error("prints the date: give one");
            return text_value(format_date(*date, args.get_pos(0)->as_string().str()), false);
          }));
  context.set_val("range", jinja::mk_val<jinja::value_func>(
                               "range", [](const jinja::func_args& args) -> jinja::value {
                                 for (const auto& arg : args.get_args()) {
                                   if (arg->as_int() > kRangeMax || arg->as_int() < -kRangeMax)
                                     throw std::runtime_error("asks for a range that is too long");
                                 }
                                 return jinja::global_builtins().at("range")(args);
                               }));
}

// What the engine says of an error, on one line, without the source that it quotes around the place.
std::string words_of(const std::exception& error) {
  std::string_view what = error.what();
  if (auto at = what.rfind("Error: "); at != std::string_view::npos) what.remove_prefix(at + 7);
  if (auto at = what.find("Jinja Exception: "); at != std::string_view::npos)
    what.remove_prefix(at + 17);
  return utf8::one_line(what.substr(0, 500));
}

bool holds(const Conversation& conversation, const std::string& text) {
  auto in = [&](const std::string& where) { return where.contains(text); };
  return std::ranges::any_of(conversation.tools, in) ||
         std::ranges::any_of(conversation.messages, [&](const Message& message) {
           return in(message.content.value_or("")) || in(message.reasoning.value_or("")) ||
                  in(message.tool_call_id) || in(message.name) ||
                  std::ranges::any_of(message.tool_calls, [&](const ToolCall& call) {
                    return in(call.id) || in(call.name) || in(call.arguments);
                  });
         });
}

}  // namespace

struct JinjaTemplate::State {
  JinjaSource source;
  jinja::program program;

  // Throws what the engine throws.
  [[nodiscard]] std::vector<jinja::string_part> run(const Conversation& conversation,
                                                    const RenderOptions& options,
                                                    const Inputs& inputs, Shape shape,
                                                    StandIns& stand_ins) const {
    jinja::context context(source.text);
    context.set_val(jinja::value(std::make_shared<Watch>()), jinja::mk_val<jinja::value_none>());
    auto messages = jinja::mk_val<jinja::value_array>();
    for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
      messages->push_back(
          message_value(conversation.messages[i], inputs.arguments[i], shape, stand_ins));
    }
    context.set_val("messages", messages);
    if (!inputs.tools.empty()) {
      auto tools = jinja::mk_val<jinja::value_array>();
      for (const Json& tool : inputs.tools) tools->push_back(to_value(tool, stand_ins));
      context.set_val("tools", tools);
    } else {
      context.set_val("tools", jinja::mk_val<jinja::value_none>());
    }
    context.set_val("documents", jinja::mk_val<jinja::value_none>());
    context.set_val("bos_token", text_value(source.bos_token, false));
    context.set_val("eos_token", text_value(source.eos_token, false));
    context.set_val("add_generation_prompt",
                    jinja::mk_val<jinja::value_bool>(options.add_generation_prompt));
    if (options.enable_thinking)
      context.set_val("enable_thinking",
                      jinja::mk_val<jinja::value_bool>(*options.enable_thinking));
    if (options.date)
      context.set_val("date_string", text_value(day_month_year(*options.date), false));
    set_functions(context, options);
    jinja::runtime runtime(context);
    auto parts = jinja::runtime::gather_string_parts(runtime.execute(program))->val_str.parts;
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.val.size();
    if (bytes > kOutputBytesMax) throw std::runtime_error("gives too long a text");
    return parts;
  }
};

JinjaTemplate::JinjaTemplate(std::unique_ptr<State> state) : state_(std::move(state)) {}
JinjaTemplate::~JinjaTemplate() = default;
JinjaTemplate::JinjaTemplate(JinjaTemplate&&) noexcept = default;
JinjaTemplate& JinjaTemplate::operator=(JinjaTemplate&&) noexcept = default;

namespace {

// The parser recurses where a template nests. nullptr: it may be parsed.
const char* too_deep(const jinja::lexer_result& lexed) {
  using jinja::token;
  std::size_t brackets = 0;
  std::size_t blocks = 0;
  std::size_t length = 0;
  bool opens_statement = false;
  for (const token& t : lexed.tokens) {
    switch (t.t) {
      case token::open_statement:
      case token::open_expression:
        brackets = length = 0;
        break;
      case token::open_paren:
      case token::open_square_bracket:
      case token::open_curly_bracket:
        ++brackets;
        break;
      case token::close_paren:
      case token::close_square_bracket:
      case token::close_curly_bracket:
        brackets -= brackets > 0 ? 1 : 0;
        break;
      default:
        break;
    }
    if (opens_statement && t.t == token::identifier) {
      if (t.value.starts_with("end")) {
        blocks -= blocks > 0 ? 1 : 0;
      } else if (t.value == "if" || t.value == "for" || t.value == "macro" || t.value == "call" ||
                 t.value == "filter" || t.value == "generation") {
        ++blocks;
      }
    }
    opens_statement = t.t == token::open_statement;
    if (brackets > kNestingMax || blocks > kNestingMax || ++length > kExpressionTokensMax)
      return "nests too deep";
  }
  return nullptr;
}

}  // namespace

Result<JinjaTemplate> JinjaTemplate::parse(JinjaSource source) {
  if (source.text.size() > kSourceBytesMax) {
    return fail(Errc::unsupported, "the model's chat template has {} bytes, more than {}",
                source.text.size(), kSourceBytesMax);
  }
  if (!utf8::is_valid(source.text))
    return fail(Errc::unsupported, "the model's chat template is not UTF-8");
  try {
    jinja::lexer lexer;
    jinja::lexer_result lexed = lexer.tokenize(source.text);
    if (const char* problem = too_deep(lexed))
      return fail(Errc::unsupported, "the model's chat template {}", problem);
    auto state = std::make_unique<State>();
    state->program = jinja::parse_from_tokens(lexed);
    state->source = std::move(source);
    return JinjaTemplate(std::move(state));
  } catch (const std::exception& error) {
    return fail(Errc::unsupported, "the model's chat template can't be read: {}", words_of(error));
  }
}

Result<std::vector<TemplatePart>> JinjaTemplate::render(
    const Conversation& conversation, const RenderOptions& options,
    const tokenizer::Tokenizer& tokenizer) const {
  if (conversation.messages.empty())
    return fail(Errc::invalid_argument, "the conversation has no messages");
  auto inputs = read_inputs(conversation);
  if (!inputs) return std::unexpected(inputs.error());
  auto is_used = [&](const std::string& text) {
    return state_->source.text.contains(text) || holds(conversation, text);
  };
  Unused unused;
  for (char32_t c = 0xF0000; unused.guard.empty() || is_used(unused.guard); ++c) {
    unused.guard.clear();
    utf8::append(unused.guard, c);
  }
  for (int exponent = 200; unused.number_ends.empty() || is_used(unused.number_ends); ++exponent) {
    if (exponent == 300)
      return fail(Errc::unsupported,
                  "the messages hold all numbers that could stand in for others");
    unused.number_ends = fmt::format("7e+{}", exponent);
  }

  // Some templates want a call's arguments as an object, some as text: these fail with the object.
  std::optional<Error> refused;
  for (bool arguments_as_text : {false, true}) {
    const Shape shape{.arguments_as_text = arguments_as_text,
                      .none_for_no_content = asks_for_none(state_->source.text)};
    try {
      StandIns stand_ins(unused, &tokenizer);
      auto parts = state_->run(conversation, options, *inputs, shape, stand_ins);
      PartWriter out;
      for (const auto& part : parts) {
        const std::string text = stand_ins.with_numbers(part.val);
        if (part.is_input) {
          out.content(stand_ins.without_guards(text));
          continue;
        }
        for (const TemplatePart& piece : split_at_special(tokenizer, text)) {
          if (piece.special) {
            out.special(piece.text);
          } else {
            out.text(stand_ins.without_guards(piece.text));
          }
        }
      }
      std::vector<TemplatePart> rendered = out.take();
      if (stand_ins.broke_names()) {
        StandIns plain(unused, nullptr);
        std::string text;
        for (const auto& part : state_->run(conversation, options, *inputs, shape, plain))
          text += plain.with_numbers(part.val);
        if (text != rendered_text(rendered)) {
          return fail(
              Errc::unsupported,
              "the model's chat template acts on names of special tokens within the messages: "
              "take them out");
        }
      }
      return rendered;
    } catch (const std::exception& error) {
      if (std::string_view(error.what()).contains("takes too long"))
        return fail(Errc::timed_out, "the model's chat template takes too long");
      if (!refused) {
        refused = Error{
            Errc::invalid_argument,
            fmt::format("the model's chat template refuses the conversation: {}", words_of(error))};
      }
    }
    const bool has_calls = std::ranges::any_of(
        conversation.messages, [](const Message& message) { return !message.tool_calls.empty(); });
    if (!has_calls) break;
  }
  return std::unexpected(*refused);
}

}  // namespace leyden::prompt
