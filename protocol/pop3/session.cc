#include "protocol/pop3/session.h"

#include <algorithm>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/pop3/lang.h"

namespace hikyaku::pop3 {
namespace {
constexpr std::size_t full_output_octets = 16 << 10;
constexpr std::uint64_t largest_number = 0xffff'ffffULL;

std::optional<std::uint64_t> number_of(std::string_view text) {
  Cursor in(text);
  const auto value = parse_number(in, largest_number);
  return value && in.at_end() ? std::optional(*value) : std::nullopt;
}

// As many lines as there are, when the client says more than fits: some ask so for the whole message.
std::optional<std::uint64_t> lines_of(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  return number_of(text).value_or(largest_number);
}

void append_listing(std::string& out, std::uint64_t number, std::string_view what) {
  out += std::to_string(number), out += ' ', out += what, out += "\r\n";
}
}  // namespace

Session::Session(std::string received, SessionLimits limits) : limits_(limits), lines_(limits.line_octets) {
  lines_.receive(received);
  ask(OpenDrop{}, Doing::Opening);
}

SessionStep Session::next() {
  for (;;) {
    if (out_.size() >= full_output_octets) return Send{std::exchange(out_, {})};
    if (request_) return Ask{*std::exchange(request_, std::nullopt)};
    if (doing_ != Doing::Commands) {
      if (!out_.empty()) return Send{std::exchange(out_, {})};
      check(doing_ == Doing::Closing, "next() waits for an answer that was not given");
      return Close{};
    }
    auto line = lines_.next();
    if (std::holds_alternative<NoLine>(line)) {
      if (!out_.empty()) return Send{std::exchange(out_, {})};
      return NeedInput{};
    }
    if (const auto* text = std::get_if<Line>(&line)) command(text->text);
    else refuse("Line too long");
  }
}

void Session::answer(Answer answer) {
  if (const auto* what = std::get_if<Trouble>(&answer)) return trouble(*what);
  if (auto* drop = std::get_if<Drop>(&answer)) {
    check(doing_ == Doing::Opening, "a maildrop was asked for");
    octets_ = std::move(drop->octets);
    marked_.assign(octets_.size(), false);
    doing_ = Doing::Commands;
    ok("Logged in");
  } else if (const auto* uidls = std::get_if<Uidls>(&answer)) {
    check(doing_ == Doing::Uidls, "UIDLs were asked for");
    uidls_answered(uidls->uidls);
  } else if (const auto* body = std::get_if<Body>(&answer)) {
    check(doing_ == Doing::Body, "a body was asked for");
    body_answered(body->octets);
  } else {
    check(doing_ == Doing::Deleting, "a deletion was asked for");
    for (const bool marked : marked_) deleted_for_good_ += marked ? 1 : 0;
    ok("Bye");
    doing_ = Doing::Closing;
  }
}

void Session::end() {
  request_.reset();
  doing_ = Doing::Closing;
}

void Session::command(std::string_view line) {
  const auto space = line.find(' ');
  const auto verb = line.substr(0, space);
  auto argument = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
  while (argument.ends_with(' ')) argument.remove_suffix(1);
  const auto is = [&](std::string_view name) { return equal_ignoring_case(verb, name); };
  if (is("STAT")) stat();
  else if (is("LIST")) list(argument);
  else if (is("UIDL")) uidl(argument);
  else if (is("RETR")) retrieve(argument);
  else if (is("TOP")) top(argument);
  else if (is("DELE")) dele(argument);
  else if (is("NOOP")) ok("");
  else if (is("RSET")) reset();
  else if (is("LANG")) out_ += lang_response(argument);
  else if (is("QUIT")) quit();
  else if (is("CAPA"))
    ok("Capabilities follow"), out_ += "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n"
                                       "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Hikyaku\r\n.\r\n";
  else return refuse("Unknown command");
  if (overheard_) overheard_(line);
}

void Session::stat() {
  std::uint64_t count = 0, octets = 0;
  for (std::size_t i = 0; i < octets_.size(); ++i)
    if (!marked_[i]) ++count, octets += octets_[i];
  ok(std::to_string(count) + " " + std::to_string(octets));
}

void Session::list(std::string_view argument) {
  if (!argument.empty()) {
    if (const auto message = message_of(argument)) ok(std::to_string(*message + 1) + " " + std::to_string(octets_[*message]));
    return;
  }
  ok("Scan listing follows");
  for (std::size_t i = 0; i < octets_.size(); ++i)
    if (!marked_[i]) append_listing(out_, i + 1, std::to_string(octets_[i]));
  out_ += ".\r\n";
}

void Session::uidl(std::string_view argument) {
  one_only_ = !argument.empty();
  message_ = 0;
  if (one_only_) {
    const auto message = message_of(argument);
    if (!message) return;
    message_ = *message;
  } else {
    ok("Unique-id listing follows");
    if (octets_.empty()) return void(out_ += ".\r\n");
  }
  const auto left = static_cast<std::uint32_t>(octets_.size()) - message_;
  ask(ReadUidls{message_, one_only_ ? 1 : std::min(left, limits_.uidls_at_once)}, Doing::Uidls);
}

void Session::uidls_answered(const std::vector<std::string>& uidls) {
  doing_ = Doing::Commands;
  if (one_only_) {
    if (uidls.empty() || uidls.front().empty()) return refuse("That message is gone");
    return ok(std::to_string(message_ + 1) + " " + uidls.front());
  }
  check(!uidls.empty() && uidls.size() <= octets_.size() - message_, "as many UIDLs as were asked for");
  for (const auto& text : uidls) {
    if (!marked_[message_] && !text.empty()) append_listing(out_, message_ + 1, text);
    ++message_;
  }
  if (message_ == octets_.size()) return void(out_ += ".\r\n");
  const auto left = static_cast<std::uint32_t>(octets_.size()) - message_;
  ask(ReadUidls{message_, std::min(left, limits_.uidls_at_once)}, Doing::Uidls);
}

void Session::retrieve(std::string_view argument) {
  if (const auto message = message_of(argument)) start_body(*message, std::nullopt);
}

// TOP msg n: the header, the empty line and n lines of the body.                                 RFC 1939 §7
void Session::top(std::string_view argument) {
  const auto space = argument.find(' ');
  const auto lines = space == std::string_view::npos ? std::nullopt : lines_of(argument.substr(space + 1));
  if (!lines) return refuse("TOP wants a message and a number of lines");
  if (const auto message = message_of(argument.substr(0, space))) start_body(*message, static_cast<std::uint32_t>(*lines));
}

void Session::start_body(std::uint32_t message, std::optional<std::uint32_t> lines) {
  message_ = message;
  offset_ = 0;
  top_lines_ = lines;
  in_header_ = ends_with_line_end_ = true;  // an empty message needs no line end before the dot
  body_begun_ = false;
  line_octets_ = 0;
  ask(ReadBody{message_, 0, limits_.read_octets}, Doing::Body);
}

void Session::body_answered(std::string_view octets) {
  if (!body_begun_) ok(top_lines_ ? "Top of message follows" : std::to_string(octets_[message_]) + " octets");
  body_begun_ = true;
  offset_ += octets.size();
  const bool last = octets.size() < limits_.read_octets;
  add_stuffed(octets);
  const bool enough = top_lines_ && !in_header_ && *top_lines_ == 0;
  if (last || enough) return end_body();
  ask(ReadBody{message_, offset_, limits_.read_octets}, Doing::Body);
}

// Byte-stuffing (RFC 1939 §3) after any line end, a bare LF too, so that nothing in a message can end the response.
void Session::add_stuffed(std::string_view octets) {
  while (!octets.empty() && !(top_lines_ && !in_header_ && *top_lines_ == 0)) {
    const auto found = octets.find('\n');
    const auto line = octets.substr(0, found == std::string_view::npos ? octets.size() : found + 1);
    if (line_octets_ == 0 && line.starts_with('.')) out_ += '.';
    out_ += line;
    // A line may come in several pieces, its CR and LF too.
    const char before_last = line.size() > 1 ? line[line.size() - 2] : last_octet_;
    last_octet_ = line.back();
    line_octets_ += line.size();
    ends_with_line_end_ = last_octet_ == '\n' && line_octets_ > 1 && before_last == '\r';
    if (found != std::string_view::npos) {
      if (top_lines_ && !in_header_) --*top_lines_;
      if (line_octets_ == 1 || (line_octets_ == 2 && ends_with_line_end_)) in_header_ = false;
      line_octets_ = 0;
    }
    octets.remove_prefix(line.size());
  }
}

void Session::end_body() {
  doing_ = Doing::Commands;
  if (!ends_with_line_end_) out_ += "\r\n";
  out_ += ".\r\n";
}

void Session::dele(std::string_view argument) {
  const auto message = message_of(argument);
  if (!message) return;
  marked_[*message] = true;
  ok("Marked");
}

void Session::reset() {
  marked_.assign(octets_.size(), false);
  ok("Nothing is marked");
}

void Session::quit() {
  Delete request;
  for (std::uint32_t i = 0; i < marked_.size(); ++i)
    if (marked_[i]) request.messages.push_back(i);
  if (!request.messages.empty()) return ask(std::move(request), Doing::Deleting);
  ok("Bye");
  doing_ = Doing::Closing;
}

void Session::trouble(Trouble what) {
  const auto was = doing_;
  doing_ = Doing::Commands;
  if (was == Doing::Opening || was == Doing::Deleting) {
    // RFC 1939 §6: what could not be removed is said at QUIT; the connection ends either way.
    refuse(was == Doing::Opening ? "[SYS/TEMP] The mailbox cannot be opened now" : "[SYS/TEMP] Nothing was deleted");
    doing_ = Doing::Closing;
  } else if (was == Doing::Body && !body_begun_) {
    refuse(what == Trouble::Gone ? "That message is gone" : "[SYS/TEMP] The message cannot be read now");
  } else if (was == Doing::Uidls && one_only_) {
    refuse(what == Trouble::Gone ? "That message is gone" : "[SYS/TEMP] Try again later");
  } else {
    // In the middle of a response nothing else can be said: the client must not take the part for the whole.
    end();
  }
}

void Session::ask(Request request, Doing doing) {
  request_ = std::move(request);
  doing_ = doing;
}

void Session::ok(std::string_view text) {
  out_ += "+OK";
  if (!text.empty()) out_ += ' ', out_ += text;
  out_ += "\r\n";
}

void Session::refuse(std::string_view text) {
  out_ += "-ERR ", out_ += text, out_ += "\r\n";
  if (++errors_ > limits_.errors) end();
}

std::optional<std::uint32_t> Session::message_of(std::string_view argument) {
  const auto number = number_of(argument);
  if (!number) return refuse("That is no message number"), std::nullopt;
  if (*number == 0 || *number > octets_.size()) return refuse("No such message"), std::nullopt;
  const auto index = static_cast<std::uint32_t>(*number - 1);
  if (marked_[index]) return refuse("That message is marked as deleted"), std::nullopt;
  return index;
}

}  // namespace hikyaku::pop3
