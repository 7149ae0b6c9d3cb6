#include "services/directory/access_import.h"

#include <algorithm>

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

// Postfix's words, E-Post's, ours. The error: what it would have meant.
Result<AccessAction, std::string> action_of(std::string_view text, AccessAction usual) {
  const std::string word(text.substr(0, text.find_first_of(" \t")));
  const auto is = [&](std::string_view other) { return equal_ignoring_case(word, other); };
  if (word.empty()) return usual;
  if (is("OK") || is("PERMIT") || is("ALLOW")) return AccessAction::Allow;
  if (is("REJECT") || is("REFUSE") || is("DENY") || is("FALSE")) return AccessAction::Refuse;
  if (is("DEFER") || is("DEFER_IF_PERMIT")) return AccessAction::Defer;
  if (word.size() == 3 && (word[0] == '4' || word[0] == '5') && is_digit(word[1]) && is_digit(word[2])) return word[0] == '4' ? AccessAction::Defer : AccessAction::Refuse;
  if (is("TRUE") || is("RELAY")) return failure("\"" + word + "\" would let this client relay without a login, which a row here cannot; for that name its network in [smtp] relay_networks.");
  if (is("DUNNO") || is("DEFAULT")) return failure("\"" + word + "\" says nothing about this one; leave the row out.");
  if (is("ONLY") || equal_ignoring_case(word.substr(0, 7), "NORELAY")) return failure("\"" + word + "\" is about relaying, which only a login or [smtp] relay_networks gives here.");
  return failure("\"" + word + "\" is no action here; write allow, defer or refuse.");
}

// Postfix's expressions do not mind letters' case unless told to (regexp_table(5)); ours say so themselves.
Result<std::string, std::string> expression_of(std::string_view pattern) {
  const auto end = pattern.rfind('/');
  if (end == 0) return failure(std::string("The expression has no end; write it between slashes."));
  bool any_case = true;
  for (const char flag : pattern.substr(end + 1)) {
    if (flag != 'i') return failure(std::string("Of the flags of an expression only i is read; write it without the others."));
    any_case = !any_case;
  }
  return "/" + std::string(any_case ? "(?i)" : "") + std::string(pattern.substr(1, end - 1)) + "/";
}

// One row; the error says what to write.
Result<AccessRow, std::string> row_of(std::string_view line, const AccessRow& base) {
  const auto words = words_of(line);
  AccessRow row = base;
  TRY(action, action_of(words.action, base.action));
  row.action = action;
  std::string pattern(words.pattern);
  if (pattern.starts_with('/') && row.who == AccessWho::Client) {
    TRY(expression, expression_of(pattern));
    pattern = std::move(expression);
  }
  TRY(normal, normal_access_pattern(row.who, pattern));
  row.pattern = std::move(normal);
  return row;
}

// A name, and nothing else that may be a pattern.
bool is_name(std::string_view pattern) {
  return pattern.find_first_of("/@:<") == std::string_view::npos && !pattern.starts_with('.') && pattern.find_first_not_of("0123456789.") != std::string_view::npos;
}

// What `hikyaku policy export` wrote.
ParsedAccess parse_export(std::string_view text) {
  ParsedAccess parsed;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto row_text = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row_text.size() + 1));
    if (row_text.empty() || row_text.front() == '#') continue;
    if (auto row = parse_access_row(row_text)) {
      parsed.rows.push_back(*std::move(row));
      parsed.lines.push_back(line);
    } else {
      parsed.bad.push_back({line, "This is no row of hikyaku policy export; export the rows again."});
    }
  }
  return parsed;
}

}  // namespace

ParsedAccess parse_access_list(std::string_view text, const AccessRow& base, Names names) {
  if (text.substr(0, text.find('\n')) == access_heading) return parse_export(text);
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
    auto row = row_of(line, base);
    if (!row) {
      parsed.bad.push_back({number, std::move(row).error()});
      continue;
    }
    parsed.rows.push_back(*row);
    parsed.lines.push_back(number);
    if (names == Names::AndBelow && is_name(row->pattern)) {
      row->pattern.insert(0, ".");
      parsed.rows.push_back(*std::move(row));
      parsed.lines.push_back(number);
    }
  }
  return parsed;
}

}  // namespace hikyaku::directory
