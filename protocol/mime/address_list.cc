#include "protocol/mime/address_list.h"

#include "base/cursor.h"
#include "mail/address.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/header.h"
#include "protocol/mime/raw_character.h"

namespace hikyaku::mime {
namespace {
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_special(char c) { return std::string_view("()<>[]:;@\\,.\"").contains(c); }
// Comments nest (RFC 5322 §3.2.2); deeper ones are read as if they did not.
constexpr int max_comment_depth = 20;
// An encoded word is at most 75 octets (RFC 2047 §2); mailers exceed it.
constexpr std::size_t longest_word_looked_at = 256;

// Text put together from pieces of the value: a view as long as the pieces touch, a copy once they do not.
class Joined {
 public:
  void add(std::string_view piece) {
    if (built_.empty() && (view_.empty() || view_.data() + view_.size() == piece.data())) {
      view_ = view_.empty() ? piece : std::string_view(view_.data(), view_.size() + piece.size());
      return;
    }
    if (built_.empty()) built_ = view_;
    built_ += piece;
  }
  [[nodiscard]] bool empty() const { return view_.empty(); }
  std::string_view take(TextStore& store) {
    const auto out = built_.empty() ? view_ : store.keep(std::move(built_));
    view_ = {}, built_.clear();
    return out;
  }

 private:
  std::string_view view_;
  std::string built_;
};

struct Word {
  std::string_view text;
  bool after_space = false;
  bool is_dot = false;
};

class ListParser {
 public:
  ListParser(std::string_view value, TextStore& store, AddressLimits limits)
      : in_(unfold(value, store)), store_(store), limits_(limits), raw_(is_valid_utf8(in_.rest()) ? RawText::Utf8 : RawText::Legacy) {}

  std::vector<ListedAddress> parse() {
    while (!in_.at_end() && out_.size() < limits_.max_entries) step();
    finish_entry();
    close_group();
    return std::move(out_);
  }

 private:
  void step();
  void finish_entry();
  void close_group();
  void start_group();
  void parse_angle();
  void parse_bare_address();
  std::string_view take_local_words();
  std::string_view parse_domain();
  std::string_view parse_route();
  std::string_view parse_quoted();
  std::string_view parse_comment();
  std::string_view parse_atom();
  std::string_view phrase();
  void skip_space_and_comments();
  void emit(std::string_view name, std::string_view route, std::string_view mailbox, std::string_view host);
  [[nodiscard]] std::size_t encoded_word_octets() const;
  [[nodiscard]] std::size_t character_octets() const { return raw_character_octets(in_.rest(), raw_); }

  Cursor in_;
  TextStore& store_;
  AddressLimits limits_;
  RawText raw_;
  std::vector<ListedAddress> out_;
  std::vector<Word> words_;         // the phrase read so far
  std::string_view comment_;        // the last comment of this entry
  bool space_before_ = false;
  bool in_group_ = false;
  bool has_address_ = false;        // this entry has given its address already
  bool bare_ = false;               // ... and without brackets
};

void ListParser::step() {
  const char c = in_.peek();
  if (is_space(c)) {
    in_.next(), space_before_ = true;
    return;
  }
  if (c == '(') {
    const auto comment = parse_comment();
    if (!comment.empty()) comment_ = comment;
    // "jdoe@example.org (John Doe)": the old way to give a name.
    if (has_address_ && !out_.empty() && out_.back().name.empty()) out_.back().name = comment_;
    space_before_ = true;
  } else if (c == ',') {
    in_.next(), finish_entry();
  } else if (c == ';') {
    // Ends a group; elsewhere some mailers use it as a comma.
    in_.next(), finish_entry(), close_group();
  } else if (c == '<') {
    parse_angle();
  } else if (c == '@') {
    parse_bare_address();
  } else if (c == ':') {
    in_.next(), start_group();
  } else if (c == '"') {
    const bool spaced = space_before_;
    words_.push_back({parse_quoted(), spaced});
    space_before_ = false;
  } else {
    const bool spaced = space_before_;
    const auto atom = parse_atom();
    words_.push_back({atom, spaced, atom == "."});
    space_before_ = false;
  }
}

void ListParser::emit(std::string_view name, std::string_view route, std::string_view mailbox, std::string_view host) {
  if (name.empty()) name = comment_;
  out_.push_back({ListedAddress::Kind::Mailbox, name, route, mailbox, host});
  has_address_ = true;
  bare_ = false;
  comment_ = {};
}

// A phrase that no address followed: "root" is a mailbox without a domain, several words are a name without a mailbox.
void ListParser::finish_entry() {
  // "<a@b> Name", from mailers that turn the two around.
  if (has_address_ && !bare_ && !words_.empty() && out_.back().name.empty()) out_.back().name = phrase();
  if (!has_address_ && !words_.empty()) {
    bool one_word = true;
    for (const auto& word : words_) one_word = one_word && (&word == &words_.front() || !word.after_space);
    const auto text = phrase();
    if (one_word) emit({}, {}, text, {});
    else emit(text, {}, {}, {});
  }
  words_.clear();
  comment_ = {};
  has_address_ = space_before_ = false;
}

void ListParser::close_group() {
  if (in_group_) out_.push_back({ListedAddress::Kind::GroupEnd});
  in_group_ = false;
}

// group = display-name ":" [group-list] ";" [CFWS]                                             RFC 5322 §3.4
void ListParser::start_group() {
  auto name = phrase();
  if (name.empty()) name = comment_;
  words_.clear();
  finish_entry();
  if (name.empty()) return;
  close_group();
  out_.push_back({ListedAddress::Kind::GroupStart, {}, {}, name});
  in_group_ = true;
}

// angle-addr = [CFWS] "<" [obs-route] addr-spec ">" [CFWS]                                     RFC 5322 §3.4, §4.4
void ListParser::parse_angle() {
  in_.next();
  auto name = phrase();
  // "a@b <a@b>", unquoted: the first is the name.
  if (has_address_ && bare_ && words_.empty() && out_.back().name.empty()) {
    name = store_.keep(address_text(out_.back()));
    out_.pop_back();
  }
  words_.clear();
  has_address_ = false;
  skip_space_and_comments();
  const auto route = parse_route();
  Joined local;
  while (true) {
    skip_space_and_comments();
    const char c = in_.peek();
    if (in_.at_end() || c == '@' || c == '>' || c == ',' || c == ';' || c == '<') break;
    if (c == '"') local.add(parse_quoted());
    else local.add(parse_atom());
  }
  const auto mailbox = local.take(store_);
  std::string_view host;
  if (in_.take('@')) host = parse_domain();
  while (!in_.at_end() && in_.peek() != '>' && in_.peek() != ',' && in_.peek() != '<') in_.next();
  in_.take('>');
  if (!name.empty() || !mailbox.empty() || !host.empty()) emit(name, route, mailbox, host);
  space_before_ = false;
}

// addr-spec = local-part "@" domain, with white space around the dots (RFC 5322 §4.4) and, in broken mail, a name before
// it without brackets. The local part is the last word and what dots tie to it.
void ListParser::parse_bare_address() {
  in_.next();
  const auto local = take_local_words();
  const auto host = parse_domain();
  const auto name = phrase();
  words_.clear();
  has_address_ = false;
  if (!local.empty() || !host.empty()) emit(name, {}, local, host), bare_ = true;
  space_before_ = false;
}

std::string_view ListParser::take_local_words() {
  std::size_t first = words_.size();
  while (first > 0) {
    const bool touches = first == words_.size() || words_[first].is_dot || words_[first - 1].is_dot ||
                         !words_[first].after_space;
    if (!touches) break;
    --first;
  }
  Joined local;
  for (std::size_t i = first; i < words_.size(); ++i) local.add(words_[i].text);
  words_.resize(first);
  return local.take(store_);
}

// domain = dot-atom / domain-literal / obs-domain                                              RFC 5322 §3.4.1, §4.4
std::string_view ListParser::parse_domain() {
  Joined domain;
  bool wants_more = true;  // white space may stand only beside a dot
  while (true) {
    const auto before = in_.position();
    skip_space_and_comments();
    const char c = in_.peek();
    if (in_.at_end()) break;
    if (!wants_more && c != '.' && in_.position() != before) {
      space_before_ = true;
      break;
    }
    if (c == '[') {
      const auto literal = in_.take_while([](char x) { return x != ']' && x != '>' && x != ','; });
      domain.add(in_.peek() == ']' ? std::string_view(literal.data(), literal.size() + 1) : literal);
      in_.take(']');
      wants_more = false;
    } else if (c == '.') {
      domain.add(in_.take_octets(1));
      wants_more = true;
    } else if (is_special(c)) {
      break;
    } else {
      domain.add(in_.take_while([](char x) { return !is_special(x) && !is_space(x); }));
      wants_more = false;
    }
  }
  return domain.take(store_);
}

// obs-route = "@" domain *("," "@" domain) ":"                                                 RFC 5322 §4.4
std::string_view ListParser::parse_route() {
  if (in_.peek() != '@') return {};
  const auto start = in_.position();
  const auto text = in_.take_while([](char c) { return c != ':' && c != '>' && c != '<' && c != '"'; });
  if (in_.take(':')) return text;
  in_.rewind_to(start);
  return {};
}

// quoted-string, its quotes and backslashes taken away; without a closing quote it ends with the value. RFC 5322 §3.2.4
std::string_view ListParser::parse_quoted() {
  in_.next();
  Joined text;
  while (!in_.at_end() && in_.peek() != '"') {
    if (in_.peek() == '\\') {
      in_.next();
      if (!in_.at_end()) text.add(in_.take_octets(1));
      continue;
    }
    text.add(in_.take_octets(character_octets()));
  }
  in_.take('"');
  return text.take(store_);
}

// comment = "(" *([FWS] ccontent) [FWS] ")": its text, nested comments included as they stand.  RFC 5322 §3.2.2
std::string_view ListParser::parse_comment() {
  in_.next();
  Joined text;
  int depth = 1;
  while (!in_.at_end()) {
    const char c = in_.peek();
    if (c == '\\') {
      in_.next();
      if (!in_.at_end()) text.add(in_.take_octets(1));
      continue;
    }
    if (c == '(' && depth < max_comment_depth) ++depth;
    if (c == ')' && --depth == 0) break;
    text.add(in_.take_octets(character_octets()));
  }
  in_.take(')');
  auto out = text.take(store_);
  while (!out.empty() && is_space(out.front())) out.remove_prefix(1);
  while (!out.empty() && is_space(out.back())) out.remove_suffix(1);
  return out;
}

// atom, a dot, or one special that has no meaning here.
std::string_view ListParser::parse_atom() {
  if (const auto octets = encoded_word_octets()) return in_.take_octets(octets);
  const auto start = in_.position();
  while (!in_.at_end() && !is_space(in_.peek())) {
    const auto octets = character_octets();
    if (octets == 1 && is_special(in_.peek())) break;
    in_.take_octets(octets);
  }
  const auto length = in_.position() - start;
  if (length == 0) return in_.take_octets(1);
  in_.rewind_to(start);
  return in_.take_octets(length);
}

// An encoded word is one atom even when it carries commas or brackets that it should have encoded (RFC 2047 §5 (3)).
std::size_t ListParser::encoded_word_octets() const {
  const auto rest = in_.rest().substr(0, longest_word_looked_at);
  if (!rest.starts_with("=?")) return 0;
  const auto encoding = rest.find('?', 2);
  if (encoding == std::string_view::npos || encoding + 2 >= rest.size() || rest[encoding + 2] != '?') return 0;
  for (std::size_t i = encoding + 3; i + 1 < rest.size() && !is_space(rest[i]); ++i)
    if (rest[i] == '?' && rest[i + 1] == '=') return i + 2;
  return 0;
}

std::string_view ListParser::phrase() {
  if (words_.size() == 1) return words_.front().text;
  Joined text;
  for (const auto& word : words_) {
    if (word.after_space && !text.empty()) text.add(" ");
    text.add(word.text);
  }
  return text.take(store_);
}

void ListParser::skip_space_and_comments() {
  while (!in_.at_end()) {
    if (is_space(in_.peek())) {
      in_.next();
    } else if (in_.peek() == '(') {
      if (const auto comment = parse_comment(); !comment.empty()) comment_ = comment;
    } else {
      return;
    }
  }
}
}  // namespace

std::vector<ListedAddress> parse_address_list(std::string_view value, TextStore& store, AddressLimits limits) {
  return ListParser(value, store, limits).parse();
}

std::string address_text(const ListedAddress& address) {
  if (address.mailbox.empty() && address.host.empty()) return {};
  return Address{std::string(address.mailbox), std::string(address.host)}.text();
}

}  // namespace hikyaku::mime
