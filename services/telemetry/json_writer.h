// JsonWriter: JSON text from values, commas and escapes done. Keys and values in the order they are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/telemetry/json_text.h"

namespace hikyaku::telemetry {

class JsonWriter {
 public:
  JsonWriter& object() { return begin(), out_ += '{', first_ = true, *this; }
  JsonWriter& end_object() { return out_ += '}', first_ = false, *this; }
  JsonWriter& array() { return begin(), out_ += '[', first_ = true, *this; }
  JsonWriter& end_array() { return out_ += ']', first_ = false, *this; }
  JsonWriter& key(std::string_view name) {
    begin();
    append_json_text(out_, name);
    out_ += ':';
    first_ = true;
    return *this;
  }
  JsonWriter& text(std::string_view value) { return begin(), append_json_text(out_, value, 1 << 20), *this; }
  JsonWriter& number(std::uint64_t value) { return begin(), out_ += std::to_string(value), *this; }
  JsonWriter& boolean(bool value) { return begin(), out_ += value ? "true" : "false", *this; }
  // The commonest: a member of an object.
  JsonWriter& member(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  JsonWriter& flag(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& texts(std::string_view name, const std::vector<std::string>& values) {
    key(name).array();
    for (const auto& value : values) text(value);
    return end_array();
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void begin() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string out_;
  bool first_ = true;
};

}  // namespace hikyaku::telemetry
