#include "services/delivery/schedule/reply_reading.h"

#include <array>
#include <span>

#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_octets = 2048;
constexpr Duration longest_hint = std::chrono::hours{24};

bool has_any(std::string_view lower, std::span<const std::string_view> words) {
  for (const auto word : words)
    if (lower.find(word) != std::string_view::npos) return true;
  return false;
}

// Postgrey, milter-greylist, SQLgrey, rspamd, Exim, OpenBSD spamd, and Japanese providers.
constexpr std::string_view greylist_words[] = {"greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list",
                                               "greytrap", "first time sender", "グレイリスト", "グレーリスト"};
constexpr std::string_view later_words[] = {"try again", "try later", "retry", "come back", "resend later", "再送", "時間をおいて", "しばらく"};
constexpr std::string_view policy_words[] = {
    "spf", "dkim", "dmarc", "reputation", "blacklist", "blocklist", "black list", "block list", "dnsbl", "rbl", "spamhaus",
    "reverse dns", "reverse-dns", "rdns", "ptr record", "unauthenticated", "not authenticated", "authentication checks",
    "sender authentication", "unsolicited", "spam", "逆引き", "送信ドメイン認証", "なりすまし"};
constexpr std::string_view pace_words[] = {"too many", "rate limit", "ratelimit", "rate-limit", "throttl", "too fast", "too quickly", "concurren",
                                           "slow down", "connection limit", "limit exceeded", "server busy", "unusual rate", "at a rate", "流量", "同時接続"};

// RFC 7372 (authentication: X.7.20 to X.7.26) and X.7.27, X.7.28 of large providers; rate: RFC 3463 X.7.28 of Gmail speaks of reputation.
bool is_policy_code(const smtp::EnhancedCode& code) { return code.subject == 7 && code.detail >= 20 && code.detail <= 29; }

// "rbl" in "terrible" is no word about reputation: short names count only as words.
bool has_policy_word(std::string_view lower) {
  for (const auto word : policy_words) {
    for (auto at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
      const bool left = at == 0 || !is_alpha(lower[at - 1]);
      const auto end = at + word.size();
      const bool right = end >= lower.size() || !is_alpha(lower[end]) || word.size() > 4;
      if ((left && right) || is_eight_bit(word[0])) return true;
    }
  }
  return false;
}

bool is_greylisting(const smtp::Reply& reply, smtp::Stage stage, std::string_view lower, bool has_hint) {
  if (has_any(lower, greylist_words)) return true;
  const bool of_a_recipient = stage == smtp::Stage::Rcpt || stage == smtp::Stage::Data || stage == smtp::Stage::Content;
  if (!of_a_recipient || (reply.code != 450 && reply.code != 451)) return false;
  // A mailbox (X.2.x), a full system (X.3.x) or a network (X.4.x) in trouble is no greylist, whatever it says about later.
  if (reply.enhanced.given() && reply.enhanced.subject != 7 && reply.enhanced.subject != 0 && reply.enhanced.subject != 1) return false;
  const bool of_policy = reply.enhanced.subject == 7 && reply.enhanced.detail <= 1;
  return has_hint || (of_policy && has_any(lower, later_words));
}

// ---- hints --------------------------------------------------------------------------------------------------------

// Seconds of one unit at the cursor: "s", "sec", "seconds", "m", "min", "minutes", "h", "hours", 秒 分 時間; 0: none.
std::uint64_t take_unit(Cursor& in) {
  struct Unit {
    std::string_view word;
    std::uint64_t seconds;
  };
  static constexpr Unit units[] = {{"seconds", 1}, {"second", 1}, {"secs", 1}, {"sec", 1}, {"minutes", 60}, {"minute", 60},
                                   {"mins", 60}, {"min", 60}, {"hours", 3600}, {"hour", 3600}, {"hrs", 3600}, {"hr", 3600},
                                   {"s", 1}, {"m", 60}, {"h", 3600}, {"秒", 1}, {"分", 60}, {"時間", 3600}};
  const auto start = in.position();
  for (const auto& unit : units) {
    if (!in.take(unit.word)) continue;
    if (is_eight_bit(unit.word[0]) || !is_alpha(in.peek())) return unit.seconds;
    in.rewind_to(start);
  }
  return 0;
}

std::uint64_t take_number(Cursor& in) {
  const auto digits = in.take_while(is_digit);
  if (digits.empty() || digits.size() > 6) return 0;
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

// "00:05:00" and "5:00", the number before the first colon being taken.
std::uint64_t take_clock(Cursor& in, std::uint64_t first) {
  std::uint64_t total = first;
  int parts = 1;
  while (parts < 3 && in.peek() == ':') {
    const auto start = in.position();
    in.next();
    const auto digits = in.take_while(is_digit);
    if (digits.size() != 2) {
      in.rewind_to(start);
      break;
    }
    total = total * 60 + static_cast<std::uint64_t>(digits[0] - '0') * 10 + static_cast<std::uint64_t>(digits[1] - '0');
    ++parts;
  }
  return parts == 1 ? 0 : total;
}

void skip_blanks(Cursor& in) {
  in.take_while([](char c) { return c == ' ' || c == '\n' || c == '\t'; });
}

// A time that begins at the digits under the cursor, "4 minutes 30 seconds" included; 0: it is no time.
std::uint64_t take_time(Cursor& in) {
  const auto number = take_number(in);
  if (const auto clock = take_clock(in, number); clock != 0) return clock;
  skip_blanks(in);
  const auto unit = take_unit(in);
  if (unit == 0) return 0;
  std::uint64_t total = number * unit;
  const auto after = in.position();
  skip_blanks(in);
  if (in.take("and")) skip_blanks(in);
  if (unit > 1 && is_digit(in.peek())) {
    const auto more = take_number(in);
    skip_blanks(in);
    const auto smaller = take_unit(in);
    if (smaller != 0 && smaller < unit) return total + more * smaller;
  }
  in.rewind_to(after);
  return total;
}

constexpr std::string_view hint_context[] = {"again", "retry", "later", "wait", "greylist", "graylist", "delay", "defer", "come back", "後", "再送", "お待ち"};

}  // namespace

std::optional<Duration> wait_hint(std::string_view text) {
  const std::string lower = ascii_lower(text.substr(0, most_octets));
  if (!has_any(lower, hint_context)) return std::nullopt;
  Cursor in(lower);
  char before = ' ';
  while (!in.at_end()) {
    if (!is_digit(in.peek()) || is_digit(before) || is_alpha(before) || before == '.' || before == '-') {
      before = in.next();
      continue;
    }
    const auto start = in.position();
    std::uint64_t seconds = take_time(in);
    // "retry=300", "retry after 300": seconds without a unit, where nothing else is meant.
    if (seconds == 0) {
      const auto lead = lower.substr(start > 16 ? start - 16 : 0, start > 16 ? 16 : start);
      in.rewind_to(start);
      const auto number = take_number(in);
      const bool ends = in.at_end() || (!is_digit(in.peek()) && !is_alpha(in.peek()) && in.peek() != '.' && in.peek() != ':');
      if (ends && (lead.ends_with("retry=") || lead.ends_with("retry-after: ") || lead.ends_with("retry after ") || lead.ends_with("delay="))) seconds = number;
    }
    before = in.position() > 0 ? lower[in.position() - 1] : ' ';
    const auto wait = Duration(std::chrono::seconds{seconds});
    if (seconds > 0 && wait <= longest_hint) return wait;
  }
  return std::nullopt;
}

ReplyReading read_reply(const smtp::Reply& reply, smtp::Stage stage) {
  ReplyReading reading;
  const std::string lower = ascii_lower(std::string_view(reply.text).substr(0, most_octets));
  const bool of_policy = is_policy_code(reply.enhanced) || has_policy_word(lower);
  if (reply.is_permanent()) {
    reading.failure = of_policy ? FailureClass::PolicyRefused : FailureClass::Refused;
    return reading;
  }
  reading.wait = wait_hint(reply.text);
  if (has_any(lower, pace_words) || reply.code == 421) reading.pace = Pace::TooFast;
  // A greylist may mention spam, and a site that lists us may promise to look again: the word itself decides first.
  if (has_any(lower, greylist_words)) reading.failure = FailureClass::Greylisted;
  else if (of_policy) reading.failure = FailureClass::Policy;
  else if (reading.pace == Pace::AsBefore && is_greylisting(reply, stage, lower, reading.wait.has_value())) reading.failure = FailureClass::Greylisted;
  if (reading.failure == FailureClass::Greylisted) reading.pace = Pace::AsBefore;
  return reading;
}

}  // namespace hikyaku::delivery
