// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]       RFC 9051 §6.3.9, RFC 5258
// lsub = "LSUB" SP mailbox SP list-mailbox                                                  RFC 3501 §6.3.9
#include <algorithm>

#include "protocol/imap/commands/commands.h"
#include "protocol/imap/grammar.h"
#include "protocol/imap/list_match.h"
#include "protocol/imap/special_use.h"
#include "protocol/imap/status_items.h"

namespace hikyaku::imap::commands {
namespace {

constexpr std::size_t patterns_limit = 50;

struct ListRequest {
  bool extended = false, lsub = false;
  bool only_subscribed = false, recursive_match = false, only_special_use = false;
  bool return_subscribed = false;
  std::uint16_t status_items = 0;
  std::string reference;
  std::vector<std::string> patterns;
};

// list-select-opts = "(" [option *(SP option)] ")"
Parsed<void> parse_select_options(Cursor& in, ListRequest& request) {
  bool other_base = false;
  request.extended = true;
  while (!in.take(')')) {
    const auto start = in.position();
    TRY(option, parse_atom(in));
    if (equal_ignoring_case(option, "SUBSCRIBED")) {
      request.only_subscribed = request.return_subscribed = true;
    } else if (equal_ignoring_case(option, "SPECIAL-USE")) {
      request.only_special_use = true;
      other_base = true;
    } else if (equal_ignoring_case(option, "RECURSIVEMATCH")) {
      request.recursive_match = true;
    } else if (!equal_ignoring_case(option, "REMOTE")) {
      in.rewind_to(start);
      return in.expected("a selection option of LIST");
    }
    if (in.peek() != ')') TRY_VOID(parse_space(in));
  }
  // RFC 9051 §6.3.9.1: RECURSIVEMATCH needs a base option beside it.
  if (request.recursive_match && !request.only_subscribed && !other_base) return in.expected("RECURSIVEMATCH with SUBSCRIBED");
  return {};
}

// list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
Parsed<void> parse_return_options(Cursor& in, ListRequest& request) {
  if (!in.take_ignoring_case("RETURN (")) return in.expected("RETURN");
  request.extended = true;
  while (!in.take(')')) {
    const auto start = in.position();
    TRY(option, parse_atom(in));
    if (equal_ignoring_case(option, "SUBSCRIBED")) {
      request.return_subscribed = true;
    } else if (equal_ignoring_case(option, "STATUS")) {
      TRY_VOID(parse_space(in));
      TRY(items, parse_status_items(in));
      request.status_items = items;
    } else if (!equal_ignoring_case(option, "CHILDREN") && !equal_ignoring_case(option, "SPECIAL-USE")) {
      in.rewind_to(start);
      return in.expected("a return option of LIST");
    }
    if (in.peek() != ')') TRY_VOID(parse_space(in));
  }
  return {};
}

Parsed<std::string> parse_pattern(Cursor& in, const Conversation& talk) {
  const auto start = in.position();
  TRY(text, parse_list_mailbox(in));
  auto pattern = mailbox_from_wire(text, talk.name_form(), talk.settings.separator);
  if (!pattern || pattern->size() > pattern_octets_limit) return failure(SyntaxError{start, a_mailbox_name});
  return *std::move(pattern);
}

// mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"
Parsed<void> parse_patterns(Cursor& in, const Conversation& talk, ListRequest& request) {
  const bool several = in.take('(');
  request.extended |= several;
  do {
    if (request.patterns.size() == patterns_limit) return in.expected("fewer patterns");
    TRY(pattern, parse_pattern(in, talk));
    request.patterns.push_back(std::move(pattern));
  } while (several && in.take(' '));
  if (several && !in.take(')')) return in.expected("\")\"");
  return {};
}

Parsed<ListRequest> parse_list(Cursor& in, const Conversation& talk) {
  ListRequest request;
  TRY_VOID(parse_space(in));
  if (in.take('(')) {
    TRY_VOID(parse_select_options(in, request));
    TRY_VOID(parse_space(in));
  }
  const auto start = in.position();
  TRY(reference, parse_astring(in));
  auto name = mailbox_from_wire(reference, talk.name_form(), talk.settings.separator);
  if (!name) return failure(SyntaxError{start, a_mailbox_name});
  request.reference = *std::move(name);
  TRY_VOID(parse_space(in));
  TRY_VOID(parse_patterns(in, talk, request));
  if (parse_end(in)) return request;
  TRY_VOID(parse_space(in));
  TRY_VOID(parse_return_options(in, request));
  TRY_VOID(parse_end(in));
  return request;
}

// One line of the answer.
struct Line {
  const ListedMailbox* mailbox = nullptr;  // nullptr: a level above a subscribed mailbox that is no mailbox itself
  std::string_view name;
  bool matches_itself = false;             // not only because of what is below it
  bool child_subscribed = false;           // CHILDINFO
  bool has_children = false;
};

class Lines {
 public:
  Lines(const ListRequest& request, const std::vector<ListedMailbox>& sorted, char separator)
      : request_(request), separator_(separator) {
    for (std::size_t i = 0; i < sorted.size(); ++i) add(sorted, i);
    if (request.lsub || request.recursive_match) add_levels_above(sorted);
    std::erase_if(lines_, [](const Line& line) { return !line.matches_itself && !line.child_subscribed; });
    std::ranges::sort(lines_, {}, &Line::name);
  }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }

 private:
  [[nodiscard]] bool matches(std::string_view name) const {
    return std::ranges::any_of(request_.patterns, [&](const std::string& pattern) {
      return list_pattern_matches(request_.reference + pattern, name, separator_);
    });
  }
  [[nodiscard]] bool selected(const ListedMailbox& mailbox) const {
    if (request_.only_subscribed || request_.lsub) return mailbox.subscribed;
    if (!mailbox.exists) return false;
    return !request_.only_special_use || mailbox.special_use != UseNone;
  }
  void add(const std::vector<ListedMailbox>& sorted, std::size_t index) {
    const auto& mailbox = sorted[index];
    if (!matches(mailbox.name)) return;
    Line line{&mailbox, mailbox.name, selected(mailbox)};
    // Children may not follow at once ("a", "a b", "a/b"): look where they begin.
    const std::string below = mailbox.name + separator_;
    const auto child = std::ranges::lower_bound(sorted, below, {}, &ListedMailbox::name);
    line.has_children = child != sorted.end() && child->name.starts_with(below) && child->exists;
    lines_.push_back(line);
  }
  // RFC 3501 §6.3.9 (LSUB "%") and RFC 9051 §6.3.9.5 (RECURSIVEMATCH): a level is told when something below it is
  // subscribed and does not match by itself.
  void add_levels_above(const std::vector<ListedMailbox>& sorted) {
    for (const auto& mailbox : sorted) {
      if (!selected(mailbox)) continue;
      if (request_.lsub && matches(mailbox.name)) continue;
      for (auto cut = mailbox.name.rfind(separator_); cut != std::string::npos && cut > 0;
           cut = mailbox.name.rfind(separator_, cut - 1)) {
        const auto level = std::string_view(mailbox.name).substr(0, cut);
        if (matches(level)) tell_level(level, matches(mailbox.name));
      }
    }
  }
  void tell_level(std::string_view level, bool child_matches) {
    // RFC 5258 §3.5: CHILDINFO is for children that do not match the pattern themselves.
    if (child_matches && !request_.lsub) return;
    auto known = std::ranges::find(lines_, level, &Line::name);
    if (known == lines_.end()) known = lines_.insert(lines_.end(), Line{.name = level, .has_children = true});
    known->child_subscribed = true;
  }

  const ListRequest& request_;
  char separator_;
  std::vector<Line> lines_;
};

void print_line(Conversation& talk, const ListRequest& request, const Line& line) {
  std::string attributes;
  const auto* mailbox = line.mailbox;
  // RFC 3501 §6.3.9: of LSUB \Noselect says that the name itself is not subscribed; a subscribed name need not exist.
  const bool exists = mailbox != nullptr && mailbox->exists;
  if (!exists && !request.lsub) {
    attributes += " \\NonExistent";
  } else if (!exists) {
    if (!line.matches_itself) attributes += " \\Noselect";
  } else if (!mailbox->selectable || (request.lsub && !line.matches_itself)) {
    attributes += " \\Noselect";
  }
  if (!request.lsub) attributes += line.has_children ? " \\HasChildren" : " \\HasNoChildren";
  if (mailbox != nullptr && !request.lsub) {
    if (request.return_subscribed && mailbox->subscribed) attributes += " \\Subscribed";
    print_special_uses(attributes, mailbox->special_use);
  }
  talk.out += request.lsub ? "* LSUB (" : "* LIST (";
  talk.out += std::string_view(attributes).substr(attributes.empty() ? 0 : 1);
  talk.out += ") \"";
  talk.out += talk.settings.separator;
  talk.out += "\" ";
  talk.print_mailbox(line.name);
  if (line.child_subscribed && request.recursive_match) talk.out += " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
  talk.out += "\r\n";
}

// LIST "" "": the separator and the root (RFC 9051 §6.3.9).
Reply tell_separator(Conversation& talk) {
  std::string line = "LIST (\\Noselect) \"";
  line += talk.settings.separator;
  line += "\" \"\"";
  talk.untagged(line);
  return ok("Done");
}

Task<void> tell_status(Conversation& talk, std::string name, std::uint16_t items) {
  GetStatus question{name};
  auto status = co_await talk.ask(std::move(question));
  if (!status) co_return;  // RFC 5819 §2: no STATUS then
  talk.out += "* STATUS ";
  talk.print_mailbox(name);
  talk.out += ' ';
  print_status_items(talk.out, *status, items, talk.settings.append_limit_octets);
  talk.out += "\r\n";
}

Task<Reply> answer_list(Conversation& talk, ListRequest request) {
  ListMailboxes question;
  auto answer = co_await talk.ask(std::move(question));
  if (!answer) co_return no(answer.error());
  auto& mailboxes = answer->mailboxes;
  std::ranges::sort(mailboxes, {}, &ListedMailbox::name);
  const Lines lines(request, mailboxes, talk.settings.separator);
  for (const auto& line : lines.lines()) {
    print_line(talk, request, line);
    if (request.status_items != 0 && line.mailbox && line.mailbox->exists && line.mailbox->selectable) {
      auto status = tell_status(talk, std::string(line.name), request.status_items);
      co_await std::move(status);
    }
    co_await talk.room();
  }
  co_return ok("Done");
}

}  // namespace

Task<Reply> list(Conversation& talk, Cursor arguments) {
  PARSE_OR_REFUSE(request, parse_list(arguments, talk));
  if (request.status_items & StatusHighestModSeq) talk.enable_condstore();
  if (!request.extended && request.patterns.front().empty()) co_return tell_separator(talk);
  auto answer = answer_list(talk, std::move(request));
  auto reply = co_await std::move(answer);
  co_return reply;
}

Task<Reply> lsub(Conversation& talk, Cursor arguments) {
  PARSE_OR_REFUSE(request, parse_list(arguments, talk));
  if (request.extended) co_return bad("LSUB takes a reference and one pattern");
  request.lsub = true;
  auto answer = answer_list(talk, std::move(request));
  auto reply = co_await std::move(answer);
  co_return reply;
}

}  // namespace hikyaku::imap::commands
