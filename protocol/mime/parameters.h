// Content-Type, Content-Disposition and their parameters (RFC 2045 §5.1, RFC 2183), with RFC 2231's continuations and
// charsets, and the RFC 2047 words that Japanese mailers put where RFC 2231 belongs. Never refuses, linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/mime/text_store.h"

namespace hikyaku::mime {

// As written ("filename*0*", "=?ISO-2022-JP?B?...?="), unquoted: what BODYSTRUCTURE shows.
struct Parameter {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

using Parameters = std::vector<Parameter>;

// At most this many parameters of one field are read.
inline constexpr std::size_t max_parameters = 200;

// A field of the form `first[/second] *(";" parameter)`.
struct ParameterisedValue {
  std::string_view first;   // "text", "attachment"; empty when the field makes no sense
  std::string_view second;  // "plain"; empty when there is no slash
  Parameters parameters;
};

// Views point into `value` or `store`.
[[nodiscard]] ParameterisedValue parse_parameterised(std::string_view value, TextStore& store);

// The parameter as a person reads it, in UTF-8: continuations joined in the order of their numbers, percent and charset
// decoded (RFC 2231), encoded words decoded, raw 8-bit guessed. The RFC 2231 form wins over the plain one.
[[nodiscard]] std::optional<std::string> decoded_parameter(const Parameters& parameters, std::string_view name);

// The value as written, names compared without case; RFC 2231 forms are other names here.
[[nodiscard]] std::optional<std::string_view> find_parameter(const Parameters& parameters, std::string_view name);

}  // namespace hikyaku::mime
