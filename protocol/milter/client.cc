#include "protocol/milter/client.h"

#include <algorithm>

#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::milter {
namespace {

// What libmilter's constants are called on the wire (mfdef.h, SMFIR_*).
constexpr char add_recipient = '+', delete_recipient = '-', add_recipient_with_parameters = '2', shut_down = '4', accept = 'a', replace_body = 'b', go_on = 'c', discard = 'd',
               change_sender = 'e', connection_fails = 'f', add_header = 'h', insert_header = 'i', change_header = 'm', working = 'p', quarantine = 'q', reject = 'r', skip = 's',
               fail_for_now = 't', reply_code = 'y';

// Up to version 2 there were only these.
constexpr std::uint32_t old_steps = 0x7f, old_actions = 0x3f;

const smtp::Reply refusal{550, {5, 7, 1}, "The message was refused"}, put_off{451, {4, 7, 1}, "The message is not taken now, try again later"},
    closing{421, {4, 7, 0}, "The message is not taken now, try again later"};

// field-name = 1*ftext      RFC 5322 §3.6.8
bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && std::ranges::all_of(name, [](char c) { return c > 32 && c < 127 && c != ':'; });
}

std::string letter_text(char letter) {
  if (is_ctl(letter) || is_eight_bit(letter)) return "octet " + std::to_string(static_cast<unsigned char>(letter));
  return {'"', letter, '"'};
}

}  // namespace

std::optional<smtp::Reply> parse_reply_code(std::string_view text) {
  smtp::Reply out;
  std::size_t lines = 0;
  while (!text.empty() && lines < 32) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < 3 || (line[0] != '4' && line[0] != '5') || !is_digit(line[1]) || !is_digit(line[2])) return std::nullopt;
    const auto code = static_cast<std::uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
    line.remove_prefix(3);
    if (!line.empty() && line[0] != ' ' && line[0] != '-') return std::nullopt;
    if (!line.empty()) line.remove_prefix(1);
    std::size_t length = 0;
    if (const auto enhanced = smtp::parse_enhanced_code(line, length); enhanced && enhanced->klass == code / 100) {
      out.enhanced = *enhanced;
      line.remove_prefix(std::min(line.size(), length + 1));
    }
    if (lines++ == 0) out.code = code;
    else if (out.code != code) return std::nullopt;
    else out.text += '\n';
    out.text += line.substr(0, 480);
  }
  if (lines == 0) return std::nullopt;
  if (!out.enhanced.given()) out.enhanced = {static_cast<std::uint16_t>(out.code / 100), 7, 1};
  return out;
}

void Client::fail(std::string why) {
  state_ = State::Failed;
  why_ = std::move(why);
}

void Client::conclude(Answer::Kind kind, smtp::Reply reply) {
  answer_ = {kind, std::move(reply)};
  state_ = State::Ready;
}

void Client::negotiate() {
  output_ += offer_packet(allowed_);
  expects_ = Expects::Terms;
  state_ = State::Waiting;
}

// `left_out`, `silent`: the steps by which a filter says that it does not want it, or does not answer.
void Client::say(Command command, std::string packet_octets, std::uint32_t left_out, std::uint32_t silent, const Macros* macros, Expects expects) {
  check(state_ != State::Waiting, "one command at a time");
  if (state_ == State::Failed) return;
  answer_ = {};
  if ((steps_ & left_out) != 0) return;
  if (macros != nullptr && !macros->empty()) output_ += macros_packet(command, *macros);
  output_ += packet_octets;
  if ((steps_ & silent) != 0) return;
  expects_ = expects;
  state_ = State::Waiting;
}

void Client::connect(const Peer& peer, const Macros& macros) { say(Command::Connect, connect_packet(peer), NoConnect, SilentConnect, &macros); }
void Client::hello(std::string_view name, const Macros& macros) { say(Command::Hello, texts_packet(Command::Hello, {name}), NoHello, SilentHello, &macros); }

void Client::mail(const std::vector<std::string_view>& words, const Macros& macros) {
  changes_ = {};
  skips_body_ = false;
  body_octets_ = 0, change_count_ = 0, change_octets_ = 0;
  say(Command::Mail, texts_packet(Command::Mail, words), NoMail, SilentMail, &macros);
}

void Client::recipient(const std::vector<std::string_view>& words, const Macros& macros) {
  say(Command::Recipient, texts_packet(Command::Recipient, words), NoRecipient, SilentRecipient, &macros);
}

void Client::data(const Macros& macros) {
  if (version_ < 4) return void(answer_ = {});
  say(Command::Data, packet(Command::Data), NoData, SilentData, &macros);
}

void Client::header(std::string_view name, std::string_view value) {
  if ((steps_ & LeadingSpace) == 0) value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  say(Command::Header, texts_packet(Command::Header, {name, value}), NoHeaders, SilentHeader, nullptr);
}

void Client::end_of_header(const Macros& macros) { say(Command::EndOfHeader, packet(Command::EndOfHeader), NoEndOfHeader, SilentEndOfHeader, &macros); }

void Client::body(std::string_view piece) {
  check(piece.size() <= most_body_piece_octets, "a body goes in pieces");
  if (skips_body_) return void(answer_ = {});
  say(Command::Body, packet(Command::Body, piece), NoBody, SilentBody, nullptr, Expects::VerdictOfBody);
}

void Client::end_of_body(const Macros& macros) { say(Command::EndOfBody, packet(Command::EndOfBody), 0, 0, &macros, Expects::VerdictAtEnd); }

void Client::abort() {
  if (state_ == State::Failed) return;
  output_ += packet(Command::Abort);
  state_ = State::Ready;
}

void Client::quit() {
  if (state_ != State::Failed) output_ += packet(Command::Quit);
}

void Client::receive(std::string_view octets) {
  if (state_ == State::Failed) return;
  packets_.receive(octets);
  while (state_ != State::Failed) {
    const auto next = packets_.next();
    if (!next) return fail("it sent " + std::string(next.error()));
    if (!*next) return;
    take(**next);
  }
}

void Client::take(const Packet& packet) {
  if (packet.letter == working && state_ == State::Waiting && expects_ != Expects::Terms) return void(++signs_of_life_);
  if (state_ != State::Waiting) return fail("it sent " + letter_text(packet.letter) + " without being asked");
  if (expects_ == Expects::Terms) {
    if (packet.letter != static_cast<char>(Command::Negotiate)) return fail("it sent " + letter_text(packet.letter) + " where terms are negotiated");
    return take_terms(packet.data);
  }
  if (take_verdict(packet) || state_ == State::Failed) return;
  if (expects_ == Expects::VerdictAtEnd && take_change(packet)) return;
  if (state_ != State::Failed) fail("it sent " + letter_text(packet.letter) + ", which has no place here");
}

// version, actions, steps; newer filters may add the macros they want, which we send anyway.
void Client::take_terms(std::string_view data) {
  DataReader in(data);
  const auto version = in.number(), actions = in.number(), steps = in.number();
  if (!version || !actions || !steps) return fail("it sent terms that are cut short");
  if (*version < oldest_version || *version > our_version) return fail("it speaks version " + std::to_string(*version) + " of the protocol");
  version_ = *version;
  actions_ = *actions;
  steps_ = *steps;
  if (version_ == oldest_version) actions_ &= old_actions, steps_ &= old_steps;
  if ((actions_ & ~allowed_) != 0) return fail("it wants to change what it may not");
  if ((steps_ & ~offered_steps) != 0) return fail("it wants steps that were not offered");
  conclude(Answer::Kind::Continue);
}

bool Client::take_verdict(const Packet& packet) {
  using Kind = Answer::Kind;
  switch (packet.letter) {
    case go_on: return conclude(Kind::Continue), true;
    case accept: return conclude(Kind::Accept), true;
    case discard: return conclude(Kind::Discard), true;
    case reject: return conclude(Kind::Refuse, refusal), true;
    case fail_for_now: return conclude(Kind::Defer, put_off), true;
    case shut_down:
    case connection_fails: return conclude(Kind::Defer, closing), true;
    case reply_code: return take_reply_code(packet.data);
    case skip:
      if (expects_ != Expects::VerdictOfBody) return false;
      skips_body_ = true;
      return conclude(Kind::Continue), true;
    default: return false;
  }
}

bool Client::take_reply_code(std::string_view data) {
  const auto text = DataReader(data).text();
  auto reply = parse_reply_code(text ? *text : data);
  if (!reply) return fail("it sent a reply that is none"), true;
  const bool permanent = reply->is_permanent();
  conclude(permanent ? Answer::Kind::Refuse : Answer::Kind::Defer, *std::move(reply));
  return true;
}

bool Client::has_room_for(std::size_t octets) {
  if (++change_count_ <= most_changes && (change_octets_ += octets) <= most_change_octets) return true;
  fail("it wants more changes than a message has");
  return false;
}

bool Client::take_change(const Packet& packet) {
  const DataReader in(packet.data);
  switch (packet.letter) {
    case add_header:
    case insert_header:
    case change_header: return take_header_change(packet.letter, in);
    case add_recipient:
    case add_recipient_with_parameters:
    case delete_recipient: return take_recipient(packet.letter, in);
    case change_sender: {
      const auto sender = DataReader(packet.data).text();
      if (!may(ChangeSender) || !sender || !has_room_for(sender->size())) return false;
      changes_.sender = std::string(*sender);
      return true;
    }
    case quarantine: {
      const auto reason = DataReader(packet.data).text();
      if (!may(Quarantines) || !reason || !has_room_for(reason->size())) return false;
      changes_.quarantine = std::string(*reason);
      return true;
    }
    case replace_body:
      if (!may(ChangeBody)) return false;
      body_octets_ += packet.data.size();
      if (body_octets_ > most_body_octets_) return fail("it sent a body that is too large"), false;
      changes_.body = true;
      body_ += packet.data;
      return true;
    default: return false;
  }
}

bool Client::take_header_change(char letter, DataReader in) {
  const auto number = letter == add_header ? std::optional<std::uint32_t>(0) : in.number();
  const auto name = in.text(), value = in.text();
  if (!number || !name || !value || !is_field_name(*name) || !has_room_for(name->size() + value->size())) return false;
  if (!may(letter == change_header ? ChangeHeaders : AddHeaders)) return false;
  std::string behind_colon = value->empty() || (steps_ & LeadingSpace) != 0 ? std::string(*value) : " " + std::string(*value);
  if (letter == add_header) changes_.headers.emplace_back(AddHeader{std::string(*name), std::move(behind_colon)});
  else if (letter == insert_header) changes_.headers.emplace_back(InsertHeader{*number, std::string(*name), std::move(behind_colon)});
  else changes_.headers.emplace_back(ChangeHeader{std::max<std::uint32_t>(1, *number), std::string(*name), std::move(behind_colon)});
  return true;
}

bool Client::take_recipient(char letter, DataReader in) {
  const auto address = in.text();
  if (!address || !has_room_for(address->size())) return false;
  if (!may(letter == delete_recipient ? DeleteRecipients : letter == add_recipient ? AddRecipients : AddRecipientsWithParameters)) return false;
  (letter == delete_recipient ? changes_.deleted_recipients : changes_.added_recipients).emplace_back(*address);
  return true;
}

}  // namespace hikyaku::milter
