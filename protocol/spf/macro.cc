#include "protocol/spf/macro.h"

#include <algorithm>
#include <vector>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::spf {
namespace {

constexpr std::string_view letters = "slodiphv", explanation_letters = "slodiphvcrt", delimiters = ".-+,/_=";
constexpr std::size_t most_octets = 64 << 10;
constexpr bool is_delimiter(char c) { return delimiters.find(c) != std::string_view::npos; }

struct Macro {
  char letter = 0;
  bool escaped = false;   // an upper-case letter: URL-encoded
  bool reversed = false;
  std::size_t keep = 0;   // labels; 0: all
  std::string_view split = ".";
};

// "%{" macro-letter *DIGIT [ "r" ] *delimiter "}", after "%{"
std::optional<Macro> take_macro(Cursor& in, MacroUse use) {
  Macro macro;
  const char c = in.next();
  macro.letter = ascii_lower(c);
  macro.escaped = c != macro.letter;
  if ((use == MacroUse::Domain ? letters : explanation_letters).find(macro.letter) == std::string_view::npos || macro.letter == 0) return std::nullopt;
  const auto digits = in.take_while(is_digit);
  if (digits.size() > 9) return std::nullopt;
  for (const char digit : digits) macro.keep = macro.keep * 10 + static_cast<std::size_t>(digit - '0');
  if (!digits.empty() && macro.keep == 0) return std::nullopt;
  macro.reversed = in.take('r') || in.take('R');
  if (const auto split = in.take_while(is_delimiter); !split.empty()) macro.split = split;
  if (!in.take('}')) return std::nullopt;
  return macro;
}

// Walks over a macro-string. `literal(octets)` and `macro(macro)` say false to stop.
template <class Literal, class OnMacro>
bool walk(std::string_view text, MacroUse use, Literal literal, OnMacro on_macro) {
  Cursor in(text);
  while (!in.at_end()) {
    const char c = in.next();
    if (c != '%') {
      if ((c < 0x21 && !(use == MacroUse::Explanation && c == ' ')) || c > 0x7e) return false;
      if (!literal(std::string_view(&c, 1))) return false;
    } else if (in.take('%')) {
      if (!literal("%")) return false;
    } else if (in.take('_')) {
      if (!literal(" ")) return false;
    } else if (in.take('-')) {
      if (!literal("%20")) return false;
    } else {
      if (!in.take('{')) return false;
      const auto macro = take_macro(in, use);
      if (!macro || !on_macro(*macro)) return false;
    }
  }
  return true;
}

// Letters of RFC 3986's unreserved stay (§7.3).
std::string url_escaped(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') out += c;
    else out += '%', out += hex[static_cast<unsigned char>(c) >> 4], out += hex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string transformed(const std::string& value, const Macro& macro) {
  std::vector<std::string> parts{""};
  for (const char c : value) {
    if (macro.split.find(c) != std::string_view::npos) parts.emplace_back();
    else parts.back() += c;
  }
  if (macro.reversed) std::ranges::reverse(parts);
  if (macro.keep > 0 && macro.keep < parts.size()) parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.keep));
  std::string out;
  for (const auto& part : parts) out += (&part == &parts.front() ? "" : ".") + part;
  return macro.escaped ? url_escaped(out) : out;
}

// toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
bool is_top_label(std::string_view label) {
  const auto alphanumeric = [](char c) { return is_alpha(c) || is_digit(c); };
  if (label.empty() || !alphanumeric(label.front()) || !alphanumeric(label.back())) return false;
  const bool plain = std::ranges::all_of(label, alphanumeric);
  if (plain) return std::ranges::any_of(label, is_alpha);
  return std::ranges::all_of(label, [&](char c) { return alphanumeric(c) || c == '-'; });
}

}  // namespace

bool is_macro_string(std::string_view text, MacroUse use) {
  return walk(text, use, [](std::string_view) { return true; }, [](const Macro&) { return true; });
}

bool is_domain_spec(std::string_view text) {
  bool ends_in_macro = false;
  std::size_t plain_from = 0;  // where what follows the last macro begins, in `literal`
  std::string literal;
  const auto take = [&](std::string_view octets) {
    literal += octets;
    ends_in_macro = false;
    return true;
  };
  const auto macro = [&](const Macro&) {
    ends_in_macro = true;
    plain_from = literal.size();
    return true;
  };
  if (text.empty() || !walk(text, MacroUse::Domain, take, macro)) return false;
  if (ends_in_macro || text.ends_with("%%") || text.ends_with("%_") || text.ends_with("%-")) return true;
  std::string_view end = std::string_view(literal).substr(plain_from);
  if (end.ends_with('.')) end.remove_suffix(1);
  const auto dot = end.rfind('.');
  return dot != std::string_view::npos && is_top_label(end.substr(dot + 1));
}

std::optional<std::string> expand(std::string_view text, const MacroValue& value) {
  std::string out;
  const auto take = [&](std::string_view octets) {
    if (out.size() < most_octets) out += octets;
    return true;
  };
  const auto macro = [&](const Macro& one) {
    const auto found = value(one.letter);
    return found && take(transformed(*found, one));
  };
  if (!walk(text, MacroUse::Explanation, take, macro)) return std::nullopt;
  return out;
}

std::string fitting_name(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > dns::most_name_octets) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) break;
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace hikyaku::spf
