#include "services/directory/access_import.h"

#include "base/cursor.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

struct Words {
  std::string_view pattern, action;
};

// "/expression/flags action", or "pattern action". Spaces may stand in an expression.
Words words_of(std::string_view line) {
  std::size_t end = 0;
  if (line.front() == '/') {
    for (end = 1; end < line.size() && line[end] != '/'; ++end)
      if (line[end] == '\\') ++end;
    end = std::min(line.size(), end + 1);
    while (end < line.size() && !is_space(line[end])) ++end;
  } else {
    while (end < line.size() && !is_space(line[end])) ++end;
  }
  return {line.substr(0, end), trimmed(line.substr(end))};
}

// Postfix's words, E-Post's, ours. Nothing: `why` says what it would have meant.
std::optional<AccessAction> action_of(std::string_view text, AccessAction usual, std::string& why) {
  const auto word = text.substr(0, text.find_first_of(" \t"));
  const auto is = [&](std::string_view other) { return equal_ignoring_case(word, other); };
  if (word.empty()) return usual;
  for (const auto allow : {"OK", "PERMIT", "ALLOW", "TRUE", "RELAY"})
    if (is(allow)) {
      if (is("TRUE") || is("RELAY")) {
        why = "\"" + std::string(word) + "\" would let this client relay without a login, which a row here cannot; for that name its network in [smtp] relay_networks.";
        return std::nullopt;
      }
      return AccessAction::Allow;
    }
  for (const auto refuse : {"REJECT", "REFUSE", "DENY", "FALSE"})
    if (is(refuse)) return AccessAction::Refuse;
  for (const auto defer : {"DEFER", "DEFER_IF_PERMIT"})
    if (is(defer)) return AccessAction::Defer;
  if (word.size() == 3 && (word[0] == '4' || word[0] == '5') && is_digit(word[1]) && is_digit(word[2])) return word[0] == '4' ? AccessAction::Defer : AccessAction::Refuse;
  if (is("DUNNO") || is("DEFAULT")) why = "\"" + std::string(word) + "\" says nothing about this one: leave the row out.";
  else if (is("ONLY") || is("NORELAY") || word.starts_with("norelay")) why = "\"" + std::string(word) + "\" is about relaying, which only a login or [smtp] relay_networks gives here.";
  else why = "\"" + std::string(word) + "\" is no action here; write allow, defer or refuse.";
  return std::nullopt;
}

// Postfix's expressions do not mind letters' case unless told to (regexp_table(5)); ours say so themselves.
Result<std::string, std::string> expression_of(std::string_view pattern) {
  const auto end = pattern.rfind('/');
  if (end == 0) return failure(std::string("the expression has no end; write it between slashes."));
  bool any_case = true;
  for (const char flag : pattern.substr(end + 1)) {
    if (flag == 'i') any_case = !any_case;
    else if (flag != 'm' && flag != 'x') return failure(std::string("the flag \"") + flag + "\" of an expression has no meaning here.");
    else return failure(std::string("the flags m and x of an expression are not read; write the expression without them."));
  }
  return "/" + std::string(any_case ? "(?i)" : "") + std::string(pattern.substr(1, end - 1)) + "/";
}

}  // namespace

ParsedAccess parse_access_list(std::string_view text, const AccessRow& base) {
  ParsedAccess parsed;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = trimmed(without_mark(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      // "#<>" is E-Post's null sender, and "#blank" its empty EHLO.
      if (!line.starts_with("#<>")) continue;
      line.remove_prefix(1);
    }
    const auto words = words_of(line);
    std::string why;
    AccessRow row = base;
    const auto action = action_of(words.action, base.action, why);
    if (action) row.action = *action;
    else {
      parsed.bad.push_back({number, std::move(why)});
      continue;
    }
    std::string pattern(words.pattern);
    if (pattern.starts_with('/') && row.who == AccessWho::Client) {
      auto expression = expression_of(pattern);
      if (!expression) {
        parsed.bad.push_back({number, std::move(expression).error()});
        continue;
      }
      pattern = *std::move(expression);
    }
    auto normal = normal_access_pattern(row.who, pattern);
    if (!normal) {
      parsed.bad.push_back({number, std::move(normal).error()});
      continue;
    }
    row.pattern = *std::move(normal);
    parsed.rows.push_back(std::move(row));
    parsed.lines.push_back(number);
  }
  return parsed;
}

}  // namespace hikyaku::directory
