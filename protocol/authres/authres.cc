#include "protocol/authres/authres.h"

#include <algorithm>

namespace hikyaku::authres {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
// token of RFC 2045 §5.1: no CTL, no space, no tspecials
constexpr bool is_token_char(char c) { return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos; }
// What stands in values nobody quoted: all but what ends a value.
constexpr bool is_loose_char(char c) { return !is_space(c) && !is_ctl(c) && c != ';' && c != '(' && c != '"'; }
constexpr bool is_keyword_char(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; }

// [CFWS] (RFC 5322 §3.2.2); comments nest. False: one is not closed.
bool skip_cfws(Cursor& in) {
  std::size_t depth = 0;
  while (!in.at_end()) {
    const char c = in.peek();
    if (c == '(') ++depth;
    else if (depth > 0 && c == ')') --depth;
    else if (depth > 0 && c == '\\') in.next();
    else if (depth == 0 && !is_space(c)) break;
    in.next();
  }
  return depth == 0;
}

std::optional<std::string> take_quoted(Cursor& in) {
  if (!in.take('"')) return std::nullopt;
  std::string out;
  while (!in.at_end()) {
    char c = in.next();
    if (c == '"') return out;
    if (c == '\\') c = in.next();
    if (c != '\r' && c != '\n') out += c;
  }
  return std::nullopt;
}

// value, or [ [ local-part ] "@" ] domain-name, whose local part may be quoted
Result<std::string, SyntaxError> take_value(Cursor& in) {
  std::string out;
  if (in.peek() == '"') {
    auto quoted = take_quoted(in);
    if (!quoted) return in.expected("the end of a quoted string");
    out = *std::move(quoted);
    if (in.peek() != '@') return out;
  }
  out += in.take_while(is_loose_char);
  if (out.empty()) return in.expected("a value");
  return out;
}

Result<std::string, SyntaxError> take_keyword(Cursor& in) {
  const auto word = in.take_while(is_keyword_char);
  if (word.empty()) return in.expected("a keyword");
  return ascii_lower(word);
}

Result<void, SyntaxError> expect(Cursor& in, char c, std::string_view what) {
  if (!skip_cfws(in) || !in.take(c) || !skip_cfws(in)) return in.expected(what);
  return {};
}

// authserv-id [ CFWS authres-version ]
Result<std::string, SyntaxError> take_authserv_id(Cursor& in) {
  if (!skip_cfws(in)) return in.expected("the end of a comment");
  TRY(id, take_value(in));
  if (!skip_cfws(in)) return in.expected("the end of a comment");
  in.take_while(is_digit);
  if (!skip_cfws(in) || (!in.at_end() && in.peek() != ';')) return in.expected("\";\"");
  return id;
}

// methodspec = method [ "/" method-version ] "=" result
Result<MethodResult, SyntaxError> take_method(Cursor& in) {
  MethodResult result;
  TRY(method, take_keyword(in));
  result.method = std::move(method);
  if (!skip_cfws(in)) return in.expected("the end of a comment");
  if (in.take('/')) {
    skip_cfws(in);
    if (in.take_while(is_digit).empty()) return in.expected("a version");
  }
  TRY_VOID(expect(in, '=', "\"=\""));
  TRY(word, take_keyword(in));
  result.result = std::move(word);
  return result;
}

// reasonspec / propspec
Result<void, SyntaxError> take_detail(Cursor& in, MethodResult& into) {
  TRY(type, take_keyword(in));
  if (!skip_cfws(in)) return in.expected("the end of a comment");
  Property property{type, {}, {}};
  if (in.take('.')) {
    skip_cfws(in);
    TRY(name, take_keyword(in));
    property.name = std::move(name);
  } else if (type != "reason") {
    // "action=none", as some large providers write: a property without its type.
    property.type.clear(), property.name = type;
  }
  TRY_VOID(expect(in, '=', "\"=\""));
  TRY(value, take_value(in));
  if (type == "reason" && property.name.empty()) into.reason = std::move(value);
  else if (into.properties.size() < most_properties) property.value = std::move(value), into.properties.push_back(std::move(property));
  return {};
}

Result<MethodResult, SyntaxError> take_result(Cursor& in) {
  TRY(result, take_method(in));
  for (;;) {
    if (!skip_cfws(in)) return in.expected("the end of a comment");
    if (in.at_end() || in.peek() == ';') return result;
    TRY_VOID(take_detail(in, result));
  }
}

// ---- writing

std::string harmless(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, is_ctl, '?');
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : harmless(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string value_text(std::string_view value) {
  const bool token = !value.empty() && std::ranges::all_of(value, is_token_char);
  if (token) return std::string(value);
  // [ local-part ] "@" domain-name
  const auto at = value.rfind('@');
  const auto is_atom_char = [](char c) { return is_alpha(c) || is_digit(c) || is_eight_bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos; };
  const auto is_name_char = [](char c) { return is_alpha(c) || is_digit(c) || is_eight_bit(c) || c == '-' || c == '.' || c == '_'; };
  if (at == std::string_view::npos || at + 1 == value.size() || !std::ranges::all_of(value.substr(at + 1), is_name_char)) return quoted(value);
  const auto local = value.substr(0, at);
  return (std::ranges::all_of(local, is_atom_char) ? std::string(local) : quoted(local)) + std::string(value.substr(at));
}

std::string comment_text(std::string_view text) {
  std::string out = "(";
  for (const char c : harmless(text)) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += c;
  }
  return out + ')';
}

}  // namespace

std::string results_text(const std::vector<MethodResult>& results) {
  if (results.empty()) return "none";
  std::string out;
  for (const auto& result : results) {
    if (!out.empty()) out += ";\r\n\t";
    out += result.method + '=' + result.result;
    if (!result.comment.empty()) out += ' ' + comment_text(result.comment);
    if (!result.reason.empty()) out += " reason=" + quoted(result.reason);
    for (const auto& property : result.properties) out += ' ' + property.type + (property.type.empty() ? "" : ".") + property.name + '=' + value_text(property.value);
  }
  return out;
}

std::string field_text(const AuthenticationResults& results) {
  return "Authentication-Results: " + value_text(results.authserv_id) + (results.results.empty() ? "; " : ";\r\n\t") + results_text(results.results) + "\r\n";
}

Result<AuthenticationResults, SyntaxError> parse(std::string_view value) {
  AuthenticationResults out;
  Cursor in(value);
  TRY(id, take_authserv_id(in));
  out.authserv_id = std::move(id);
  bool first = true;
  while (in.take(';')) {
    if (!skip_cfws(in)) return in.expected("the end of a comment");
    if (in.at_end() && !first) break;  // a semicolon at the end, as many write
    const auto here = in.position();
    if (first && in.take_ignoring_case("none") && skip_cfws(in) && in.at_end()) break;
    in.rewind_to(here);
    if (out.results.size() == most_results) return in.expected("fewer results");
    TRY(result, take_result(in));
    out.results.push_back(std::move(result));
    first = false;
  }
  if (!in.at_end()) return in.expected("the end");
  return out;
}

std::optional<Payload> read_payload(std::string_view value) {
  Cursor in(value);
  auto id = take_authserv_id(in);
  if (!id) return std::nullopt;
  in.take(';');
  auto rest = in.rest();
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && (is_space(rest.back()) || rest.back() == ';')) rest.remove_suffix(1);
  if (equal_ignoring_case(rest, "none")) rest = {};
  return Payload{*std::move(id), rest};
}

std::vector<mime::OctetRange> forged_fields(std::string_view header, std::string_view authserv_id) {
  std::vector<mime::OctetRange> found;
  mime::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!field->is("Authentication-Results")) continue;
    const auto payload = read_payload(field->value);
    if (!payload || equal_ignoring_case(payload->authserv_id, authserv_id)) found.push_back({field->offset, field->offset + field->whole.size()});
  }
  return found;
}

}  // namespace hikyaku::authres
