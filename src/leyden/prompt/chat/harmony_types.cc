#include "leyden/prompt/chat/harmony_types.h"

#include <algorithm>

namespace leyden::prompt {

namespace {

// Of a schema: nullptr where it is no object or has no such field.
const Json* field(const Json& schema, const char* name) {
  if (!schema.is_object()) return nullptr;
  auto found = schema.find(name);
  return found == schema.end() ? nullptr : &*found;
}

// bool(value) in Python; null where there is no value.
bool is_true(const Json* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0;
  if (value->is_string()) return !value->get_ref<const std::string&>().empty();
  return !value->empty();
}

bool is_text(const Json* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

Result<std::string> text_of(const Json* value, std::string_view what) {
  if (value == nullptr || !value->is_string())
    return fail(Errc::invalid_argument, "{} is no text", what);
  return value->get<std::string>();
}

Result<std::string> joined(const Json& values, std::string_view separator) {
  std::string out;
  if (!values.is_array()) return fail(Errc::invalid_argument, "\"enum\" is no list");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_structured())
      return fail(Errc::invalid_argument, "\"enum\" or \"type\" holds a list or an object");
    if (i > 0) out += separator;
    out += python_str(values[i]);
  }
  return out;
}

bool is_required(const Json* required, const std::string& name) {
  return required != nullptr && required->is_array() &&
         std::ranges::any_of(*required, [&](const Json& item) { return is_text(&item, name); });
}

Result<std::string> type_of(const Json& schema);

Result<std::string> array_type(const Json& schema) {
  const std::string null = is_true(field(schema, "nullable")) ? " | null" : "";
  const Json* items = field(schema, "items");
  if (!is_true(items)) return "any[]" + null;
  const Json* type = field(*items, "type");
  if (is_text(type, "string")) return "string[]" + null;
  if (is_text(type, "number") || is_text(type, "integer")) return "number[]" + null;
  if (is_text(type, "boolean")) return "boolean[]" + null;
  auto inner = type_of(*items);
  if (!inner) return inner;
  const bool any = *inner == "object | object" || python_length(*inner) > 50;
  return (any ? "any" : *inner) + "[]" + null;
}

Result<std::string> one_of_type(const Json& variants) {
  if (!variants.is_array()) return fail(Errc::invalid_argument, "\"oneOf\" is no list");
  std::string out;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    auto type = type_of(variants[i]);
    if (!type) return type;
    out += *type;
    if (const Json* description = field(variants[i], "description"); is_true(description)) {
      auto text = text_of(description, "\"description\"");
      if (!text) return text;
      out += "// " + *text;
    }
    // The spaces here and the line break below are the template's own.
    if (const Json* value = field(variants[i], "default"))
      out += std::string(20, ' ') + "// default: " + python_json(*value);
    if (i + 1 < variants.size()) out += " | \n";
  }
  return out;
}

Result<std::string> object_type(const Json& schema) {
  const Json* properties = field(schema, "properties");
  if (!is_true(properties)) return "object";
  if (!properties->is_object()) return fail(Errc::invalid_argument, "\"properties\" is no object");
  std::string out = "{\n";
  bool first = true;
  for (const auto& [name, property] : properties->items()) {
    if (!first) out += ", ";
    first = false;
    auto type = type_of(property);
    if (!type) return type;
    out += name + (is_required(field(schema, "required"), name) ? "" : "?") + ": \n" +
           std::string(16, ' ') + *type;
  }
  return out + "}";
}

Result<std::string> type_of(const Json& schema) {
  const Json* type = field(schema, "type");
  if (is_text(type, "array")) return array_type(schema);
  if (type != nullptr && type->is_array() && !type->empty()) return joined(*type, " | ");
  if (const Json* variants = field(schema, "oneOf"); is_true(variants))
    return one_of_type(*variants);
  if (is_text(type, "string")) {
    if (const Json* values = field(schema, "enum"); is_true(values)) {
      auto names = joined(*values, "\" | \"");
      if (!names) return names;
      return '"' + *names + '"';
    }
    return std::string(is_true(field(schema, "nullable")) ? "string | null" : "string");
  }
  if (is_text(type, "number") || is_text(type, "integer")) return "number";
  if (is_text(type, "boolean")) return "boolean";
  if (is_text(type, "object")) return object_type(schema);
  return "any";
}

Result<std::string> parameter(const std::string& name, const Json& schema, bool required) {
  std::string out;
  if (const Json* description = field(schema, "description"); is_true(description)) {
    auto text = text_of(description, "\"description\"");
    if (!text) return text;
    out += "// " + *text + "\n";
  }
  auto type = type_of(schema);
  if (!type) return type;
  out += name + (required ? "" : "?") + ": " + *type;
  if (const Json* value = field(schema, "default")) {
    const bool is_enum = is_true(field(schema, "enum"));
    if (is_enum || is_true(field(schema, "oneOf"))) {
      auto text = text_of(value, "the \"default\" of an \"enum\" or \"oneOf\"");
      if (!text) return text;
      out += (is_enum ? ", // default: " : "// default: ") + *text;
    } else {
      out += ", // default: " + python_json(*value);
    }
  }
  return out + ",\n";
}

}  // namespace

Result<std::string> harmony_tool(const Json& tool) {
  const Json* function = field(tool, "function");
  if (function == nullptr) return fail(Errc::invalid_argument, "has no \"function\"");
  auto description = text_of(field(*function, "description"), "\"description\"");
  if (!description) return description;
  auto name = text_of(field(*function, "name"), "\"name\"");
  if (!name) return name;
  std::string out = "// " + *description + "\ntype " + *name + " = ";
  const Json* parameters = field(*function, "parameters");
  const Json* properties = is_true(parameters) ? field(*parameters, "properties") : nullptr;
  if (!is_true(properties)) return out + "() => any;\n\n";
  if (!properties->is_object()) return fail(Errc::invalid_argument, "\"properties\" is no object");
  out += "(_: {\n";
  for (const auto& [key, schema] : properties->items()) {
    auto written = parameter(key, schema, is_required(field(*parameters, "required"), key));
    if (!written) return written;
    out += *written;
  }
  return out + "}) => any;\n\n";
}

}  // namespace leyden::prompt
