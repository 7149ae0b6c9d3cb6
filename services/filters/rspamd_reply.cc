#include "services/filters/rspamd_reply.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <boost/json.hpp>

#include "base/cursor.h"

namespace hikyaku::filters {
namespace {

namespace json = boost::json;
constexpr std::size_t most_edits = 100, most_value_octets = 64 << 10, most_symbols = 8;

const json::value* member(const json::object& object, std::string_view name) { return object.if_contains(json::string_view(name.data(), name.size())); }

std::string_view text_of(const json::value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

double number_of(const json::value* value) {
  if (value == nullptr) return 0;
  if (const auto* whole = value->if_int64()) return static_cast<double>(*whole);
  if (const auto* real = value->if_double()) return std::isfinite(*real) ? *real : 0;
  if (const auto* large = value->if_uint64()) return static_cast<double>(*large);
  return 0;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (is_ctl(c)) c = ' ';
  return out;
}

std::string score_text(double score) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%.1f", std::clamp(score, -1e6, 1e6));
  return out.data();
}

// field-name = 1*ftext      RFC 5322 §3.6.8
bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && std::ranges::all_of(name, [](char c) { return c > 32 && c < 127 && c != ':'; });
}

std::optional<RspamdReply::Action> action_named(std::string_view name) {
  using Action = RspamdReply::Action;
  static constexpr std::array<std::pair<std::string_view, Action>, 9> names{{{"no action", Action::NoAction}, {"greylist", Action::Greylist}, {"add header", Action::AddHeader},
      {"rewrite subject", Action::RewriteSubject}, {"soft reject", Action::SoftReject}, {"reject", Action::Reject}, {"quarantine", Action::Quarantine}, {"discard", Action::Discard}, {"accept", Action::NoAction}}};
  for (const auto& [known, action] : names)
    if (known == name) return action;
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const json::object& root) : root_(root) {}

  std::optional<RspamdReply> read() {
    const auto action = action_named(text_of(member(root_, "action")));
    if (!action) return std::nullopt;
    reply_.action = *action;
    reply_.score = number_of(member(root_, "score"));
    reply_.required = number_of(member(root_, "required_score"));
    reply_.subject = printable(text_of(member(root_, "subject")), 2'000);
    if (const auto* messages = object_of(member(root_, "messages"))) reply_.words = printable(text_of(member(*messages, "smtp_message")), 400);
    reply_.spam_field = "X-Spam";
    if (const auto* milter = object_of(member(root_, "milter"))) take_milter(*milter);
    take_signatures(member(root_, "dkim-signature"));
    summarize();
    return std::move(reply_);
  }

 private:
  static const json::object* object_of(const json::value* value) { return value == nullptr ? nullptr : value->if_object(); }

  void add(std::string_view name, std::string_view value, std::int64_t order) {
    if (reply_.edits.size() >= most_edits || !is_field_name(name) || value.size() > most_value_octets) return;
    const auto kind = order >= 0 ? HeaderEdit::Kind::Insert : HeaderEdit::Kind::Append;
    reply_.edits.push_back({kind, static_cast<std::uint32_t>(std::clamp<std::int64_t>(order, 0, 10'000)), std::string(name), " " + std::string(value)});
  }

  // "value", {"value": "...", "order": 1}, or a list of them
  void take_added(std::string_view name, const json::value& value) {
    if (const auto* list = value.if_array()) {
      for (const auto& one : *list)
        if (!one.is_array()) take_added(name, one);
    } else if (const auto* object = value.if_object()) {
      const auto* order = member(*object, "order");
      add(name, text_of(member(*object, "value")), order == nullptr ? -1 : static_cast<std::int64_t>(std::clamp(number_of(order), -1.0, 1e4)));
    } else if (value.is_string()) {
      add(name, text_of(&value), -1);
    }
  }

  void take_removed(std::string_view name, const json::value& value) {
    if (!is_field_name(name) || reply_.edits.size() >= most_edits) return;
    const auto which = number_of(&value);
    if (which >= 1) reply_.edits.push_back({HeaderEdit::Kind::Change, static_cast<std::uint32_t>(std::min(which, 1e4)), std::string(name), {}});
    else reply_.edits.push_back({HeaderEdit::Kind::Remove, 0, std::string(name), {}});
  }

  void take_milter(const json::object& milter) {
    if (const auto* removed = object_of(member(milter, "remove_headers")))
      for (const auto& [name, value] : *removed) take_removed(std::string_view(name.data(), name.size()), value);
    if (const auto* added = object_of(member(milter, "add_headers")))
      for (const auto& [name, value] : *added) take_added(std::string_view(name.data(), name.size()), value);
    if (const auto name = text_of(member(milter, "spam_header")); is_field_name(name)) reply_.spam_field = name;
  }

  void take_signatures(const json::value* value) {
    if (value == nullptr) return;
    if (value->is_string()) add("DKIM-Signature", text_of(value), 1);
    if (const auto* list = value->if_array())
      for (const auto& one : *list)
        if (one.is_string()) add("DKIM-Signature", text_of(&one), 1);
  }

  void summarize() {
    std::vector<std::pair<double, std::string>> symbols;
    if (const auto* all = object_of(member(root_, "symbols")))
      for (const auto& [name, value] : *all)
        if (const auto* symbol = value.if_object()) symbols.emplace_back(number_of(member(*symbol, "score")), printable(std::string_view(name.data(), name.size()), 60));
    std::ranges::sort(symbols, [](const auto& a, const auto& b) { return std::abs(a.first) > std::abs(b.first); });
    reply_.summary = "score " + score_text(reply_.score) + " of " + score_text(reply_.required);
    for (std::size_t i = 0; i < std::min(symbols.size(), most_symbols); ++i) reply_.summary += (i == 0 ? " (" : ", ") + symbols[i].second;
    if (!symbols.empty()) reply_.summary += ")";
  }

  const json::object& root_;
  RspamdReply reply_;
};

}  // namespace

std::optional<RspamdReply> parse_rspamd_reply(std::string_view text) {
  if (text.size() > most_rspamd_reply_octets) return std::nullopt;
  json::error_code problem;
  const auto value = json::parse(json::string_view(text.data(), text.size()), problem);
  if (problem || !value.is_object()) return std::nullopt;
  return Reader(value.get_object()).read();
}

}  // namespace hikyaku::filters
