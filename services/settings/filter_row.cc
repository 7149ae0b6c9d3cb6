#include "services/settings/filter_row.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "services/settings/listen_address.h"

namespace hikyaku::settings {
namespace {

template <class Enum, std::size_t size>
bool take_choice(std::string_view value, const std::array<std::string_view, size>& names, Enum& into) {
  const auto found = std::ranges::find(names, value);
  if (found == names.end()) return false;
  into = static_cast<Enum>(found - names.begin());
  return true;
}

bool take_time(std::string_view value, Seconds& into) {
  const auto time = parse_duration(value);
  if (!time || *time < Seconds{1} || *time > Seconds{540}) return false;
  into = *time;
  return true;
}

// "headers,body"
bool take_permissions(std::string_view value, FilterRow& row) {
  row.may_headers = row.may_body = row.may_recipients = row.may_sender = false;
  for (bool more = true; more;) {
    const auto comma = value.find(',');
    const auto word = value.substr(0, comma);
    if (word == "headers") row.may_headers = true;
    else if (word == "body") row.may_body = true;
    else if (word == "recipients") row.may_recipients = true;
    else if (word == "sender") row.may_sender = true;
    else if (word != "nothing") return false;
    more = comma != std::string_view::npos;
    if (more) value.remove_prefix(comma + 1);
  }
  return true;
}

bool take_option(FilterKind kind, std::string_view word, FilterRow& row) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const auto name = word.substr(0, equals), value = word.substr(equals + 1);
  if (name == "for") return take_choice(value, std::array<std::string_view, 3>{"all", "strangers", "ours"}, row.whom);
  if (name == "away") return take_choice(value, std::array<std::string_view, 2>{"defer", "pass"}, row.away);
  if (name == "timeout") return take_time(value, row.timeout);
  if (name == "total" && kind != FilterKind::PolicyServer) return take_time(value, row.total);
  if (kind != FilterKind::Milter) return false;
  if (name == "at") return take_choice(value, std::array<std::string_view, 2>{"text", "rcpt"}, row.at);
  return name == "may" && take_permissions(value, row);
}

bool is_name(std::string_view name) {
  const auto in_name = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, in_name);
}

std::string_view options_of(FilterKind kind) {
  switch (kind) {
    case FilterKind::Milter: return "at=rcpt, for=strangers, for=ours, away=pass, timeout=20s, total=60s, may=headers,body,recipients,sender";
    case FilterKind::PolicyServer: return "for=strangers, for=ours, away=pass, timeout=20s";
    case FilterKind::Rspamd: break;
  }
  return "for=strangers, for=ours, away=pass, timeout=20s, total=60s";
}

}  // namespace

bool is_socket(std::string_view text) {
  if (text.starts_with('/') || text.starts_with("unix:/")) return true;
  return !text.starts_with('*') && parse_listen_address(std::string(text)).has_value();
}

Result<FilterRow, std::string> parse_filter_row(FilterKind kind, std::string_view text) {
  FilterRow row;
  if (kind == FilterKind::PolicyServer) row.whom = FilterRow::For::Strangers;
  Cursor in(text);
  if (kind == FilterKind::Rspamd) {
    row.name = "rspamd";
  } else {
    row.name = in.take_while([](char c) { return c != '=' && c != ' '; });
    if (!is_name(row.name) || !in.take('=')) return failure("\"" + std::string(text) + "\" has no name; write \"name=/run/filter.sock\" or \"name=127.0.0.1:10023\".");
  }
  row.socket = in.take_while([](char c) { return c != ' '; });
  if (!is_socket(row.socket)) return failure("\"" + row.socket + "\" is no socket; write \"/run/filter.sock\", or an address with a port like \"127.0.0.1:10023\".");
  for (in.take_while([](char c) { return c == ' '; }); !in.at_end(); in.take_while([](char c) { return c == ' '; })) {
    const auto word = in.take_while([](char c) { return c != ' '; });
    if (!take_option(kind, word, row)) return failure("\"" + std::string(word) + "\" is no option here; there are " + std::string(options_of(kind)) + ".");
  }
  return row;
}

}  // namespace hikyaku::settings
