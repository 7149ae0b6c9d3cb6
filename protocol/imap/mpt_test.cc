// Dialogues of another project (see mpt/README.md of the shared test data), on sessions over a MemoryStore. They ask for
// that server's own wording, so the comparison is looser, as their README advises: the tagged status (a refusal may be
// NO or BAD), and the untagged data compared as parsed IMAP. Skipped, saying so, when the folder is not there: set
// HIKYAKU_TESTDATA, or have it as shared/testdata beside or above the tree.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "base/cursor.h"
#include "protocol/imap/framing.h"
#include "protocol/imap/test_client.h"

namespace hikyaku::imap {
namespace {

namespace fs = std::filesystem;

constexpr char any = '\x01';       // what a regular expression leaves open

std::optional<fs::path> find_suite() {
  std::vector<fs::path> places;
  if (const char* given = std::getenv("HIKYAKU_TESTDATA")) places.emplace_back(given);
  for (const char* above : {"../shared/testdata", "../../shared/testdata"}) places.emplace_back(above);
  for (const auto& place : places) {
    if (fs::exists(place / "mpt" / "imap")) return place / "mpt" / "imap";
  }
  return std::nullopt;
}

// The text that a line's regular expression stands for, with `any` for open parts.
std::string plain(std::string_view expression) {
  std::string text;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const char next = i + 1 < expression.size() ? expression[i + 1] : '\0';
    if (c == '\\' && (next == 'd' || next == 'w' || next == 's')) {
      text += any;
      ++i;
      if (i + 1 < expression.size() && (expression[i + 1] == '+' || expression[i + 1] == '*')) ++i;
      if (i + 1 < expression.size() && expression[i + 1] == '{') i = expression.find('}', i);
    } else if (c == '\\' && next != '\0') {
      text += next;
      ++i;
    } else if (c == '.' && (next == '*' || next == '+')) {
      text += any;
      ++i;
    } else if (c == '(' || c == '[') {
      // A class, or a group that may be repeated or left out: whatever stands there.
      const auto end = expression.find(c == '[' ? ']' : ')', i);
      if (end == std::string_view::npos) continue;
      const bool repeated = end + 1 < expression.size() && std::string_view("?*+").contains(expression[end + 1]);
      if (c == '(' && !repeated) continue;
      text += any;
      i = end + (repeated ? 1 : 0);
    } else if (c == ')' || c == '^' || c == '$') {
      continue;
    } else {
      text += c;
    }
  }
  return text;
}

// A value of a response: a word (quotes and literals taken off) or a list.
struct Value {
  bool is_list = false;
  std::string word;
  std::vector<Value> list;
};

Value parse_value(Cursor& in, int depth);

Value parse_list(Cursor& in, char close, int depth) {
  Value value;
  value.is_list = true;
  while (!in.at_end() && !in.take(close)) {
    if (in.take(' ') || in.take('\n') || in.take('\r')) continue;
    const auto before = in.position();
    value.list.push_back(parse_value(in, depth + 1));
    if (in.position() == before) in.next();
  }
  return value;
}

Value parse_value(Cursor& in, int depth) {
  if (depth < 60 && in.take('(')) return parse_list(in, ')', depth);
  Value value;
  if (in.take('"')) {
    while (!in.at_end() && !in.take('"')) {
      in.take('\\');
      value.word += in.next();
    }
    return value;
  }
  if (in.peek() == '{' || in.peek() == '~') {
    const auto start = in.position();
    in.take('~');
    in.take('{');
    const auto octets = parse_number(in, 1 << 30);
    if (octets && in.take('}')) {
      in.take('\r');
      if (in.take('\n')) {
        value.word = in.take_octets(std::min<std::size_t>(*octets, in.rest().size()));
        return value;
      }
    }
    in.rewind_to(start);
  }
  int brackets = 0;
  while (!in.at_end()) {
    const char c = in.peek();
    if (brackets == 0 && (c == ' ' || c == '(' || c == ')' || c == '\n' || c == '\r')) break;
    brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
    value.word += in.next();
  }
  return value;
}

std::vector<Value> parse_response(std::string_view text) {
  Cursor in(text);
  return parse_list(in, '\0', 0).list;
}

bool word_matches(std::string_view wanted, std::string_view got) {
  const auto gap = wanted.find(any);
  if (gap == std::string_view::npos) return equal_ignoring_case(wanted, got);
  if (!starts_with_ignoring_case(got, wanted.substr(0, gap))) return false;
  for (auto at = gap; at <= got.size(); ++at) {
    if (word_matches(wanted.substr(gap + 1), got.substr(at))) return true;
  }
  return false;
}

bool is_open(const Value& value) { return !value.is_list && value.word == std::string(1, any); }

bool value_matches(const Value& wanted, const Value& got) {
  if (is_open(wanted)) return true;
  if (wanted.is_list != got.is_list) return false;
  if (!wanted.is_list) return word_matches(wanted.word, got.word);
  if (wanted.list.size() != got.list.size()) return false;
  for (std::size_t i = 0; i < wanted.list.size(); ++i) {
    if (!value_matches(wanted.list[i], got.list[i])) return false;
  }
  return true;
}

// Flags and attributes: in any order; \Recent is RFC 3501's and its loss no failure.
bool sets_match(const Value& wanted, const Value& got) {
  std::multiset<std::string> a, b;
  bool open = false;
  const auto take = [&](const Value& from, std::multiset<std::string>& into) {
    for (const auto& each : from.list) {
      const auto word = ascii_lower(std::string_view(each.word));
      if (word.contains(any)) open = true;
      else if (word != "\\recent") into.insert(word);
    }
  };
  take(wanted, a);
  take(got, b);
  return open ? std::ranges::includes(b, a) : a == b;
}

// Names and values in any order (FETCH, STATUS). A FETCH may say more than was asked for.
bool pairs_match(const Value& wanted, const Value& got) {
  if (is_open(wanted)) return true;
  if (!wanted.is_list || !got.is_list) return false;
  for (std::size_t i = 0; i + 1 < wanted.list.size(); i += 2) {
    bool found = false;
    for (std::size_t j = 0; j + 1 < got.list.size() && !found; j += 2) {
      if (!word_matches(wanted.list[i].word, got.list[j].word)) continue;
      const bool flags = equal_ignoring_case(wanted.list[i].word, "FLAGS");
      found = flags ? sets_match(wanted.list[i + 1], got.list[j + 1]) : value_matches(wanted.list[i + 1], got.list[j + 1]);
    }
    if (!found) return false;
  }
  return true;
}

bool response_matches(const std::vector<Value>& wanted, const std::vector<Value>& got) {
  if (!wanted.empty() && !got.empty() && wanted[0].word == "+") return got[0].word == "+";
  if (wanted.size() < 2 || got.size() < 2 || wanted[0].word != got[0].word) return false;
  const auto kind = [](const std::vector<Value>& r, std::size_t i) { return i < r.size() ? std::string_view(r[i].word) : std::string_view(); };
  if (equal_ignoring_case(kind(wanted, 1), "OK") || equal_ignoring_case(kind(wanted, 1), "BYE")) {
    if (!equal_ignoring_case(kind(wanted, 1), kind(got, 1))) return false;
    // The code's name, not the text. An open code may be any.
    const auto code = kind(wanted, 2), told = kind(got, 2);
    if (!code.starts_with('[')) return true;
    return word_matches(code.substr(0, code.find_first_of(" (]\x01")), told.substr(0, code.find_first_of(" (]\x01")));
  }
  if (equal_ignoring_case(kind(wanted, 2), "FETCH")) {
    return word_matches(kind(wanted, 1), kind(got, 1)) && equal_ignoring_case(kind(got, 2), "FETCH") && wanted.size() > 3 && got.size() > 3 &&
           pairs_match(wanted[3], got[3]);
  }
  if (equal_ignoring_case(kind(wanted, 2), "RECENT")) return equal_ignoring_case(kind(got, 2), "RECENT");
  if (!word_matches(kind(wanted, 1), kind(got, 1))) return false;
  if (equal_ignoring_case(kind(wanted, 1), "CAPABILITY")) {
    std::string all;
    for (const auto& word : got) all += word.word + " ";
    return std::ranges::all_of(wanted, [&](const Value& word) { return word_matches(any + word.word + any, all); });
  }
  if (equal_ignoring_case(kind(wanted, 1), "STATUS")) {
    return wanted.size() > 3 && got.size() > 3 && value_matches(wanted[2], got[2]) && pairs_match(wanted[3], got[3]);
  }
  for (std::size_t i = 2; i < wanted.size(); ++i) {
    if (is_open(wanted[i])) return true;
    if (i >= got.size()) return false;
    const bool set = i == 2 && wanted[i].is_list;  // FLAGS, LIST, LSUB
    if (set ? !sets_match(wanted[i], got[i]) : !value_matches(wanted[i], got[i])) return false;
  }
  return got.size() == wanted.size();
}

// Cuts a talk into its responses, literals included.
std::vector<std::string> responses_of(std::string_view talk) {
  std::vector<std::string> responses;
  std::string current;
  while (!talk.empty()) {
    const auto end = talk.find('\n');
    const auto line = talk.substr(0, end == std::string_view::npos ? talk.size() : end + 1);
    current += line;
    talk.remove_prefix(line.size());
    auto bare = line;
    while (bare.ends_with('\n') || bare.ends_with('\r')) bare.remove_suffix(1);
    Literal literal;
    if (ends_in_literal_header(bare, literal) && literal.octets <= talk.size()) {
      current += talk.substr(0, literal.octets);
      talk.remove_prefix(literal.octets);
      continue;
    }
    while (current.ends_with('\n') || current.ends_with('\r')) current.pop_back();
    responses.push_back(std::exchange(current, {}));
  }
  return responses;
}

struct Exchange {
  std::string sent;
  std::vector<std::string> wanted;  // lines
};

bool exchange_passes(const Exchange& exchange, std::string_view got) {
  const auto tag = exchange.sent.substr(0, exchange.sent.find_first_of(" \r\n"));
  std::string joined;
  for (const auto& line : exchange.wanted) joined += plain(line) + "\r\n";
  auto told = responses_of(got);
  for (const auto& wanted : responses_of(joined)) {
    if (!wanted.starts_with("* ") && !wanted.starts_with("+")) {
      const auto want_values = parse_response(wanted);
      const auto match = std::ranges::find_if(told, [&](const std::string& each) {
        const auto values = parse_response(each);
        if (values.size() < 2 || want_values.size() < 2 || values[0].word != want_values[0].word) return false;
        const bool want_ok = want_values[1].word == "OK", is_ok = values[1].word == "OK";
        return want_ok == is_ok;
      });
      if (match == told.end()) return false;
      continue;
    }
    const auto match = std::ranges::find_if(told, [&](const std::string& each) { return response_matches(parse_response(wanted), parse_response(each)); });
    if (match == told.end()) return false;
    told.erase(match);
  }
  return true;
}

class Script {
 public:
  explicit Script(const fs::path& folder) : folder_(folder) { settings_.separator = '.'; }

  void play(const fs::path& file, bool counted) {
    std::ifstream in(file);
    std::string line;
    bool asking = true;
    while (std::getline(in, line)) {
      if (line.ends_with('\r')) line.pop_back();
      if (line.starts_with("C:")) {
        if (!asking) finish(file, counted);
        asking = true;
        pending_.sent += (line.size() > 3 ? line.substr(3) : "") + "\r\n";
      } else if (line.starts_with("S:")) {
        asking = false;
        pending_.wanted.push_back(line.substr(std::min<std::size_t>(3, line.size())));
      } else if (line.starts_with("SESSION:")) {
        finish(file, counted);
        session_ = line.substr(9);
      } else if (line.starts_with("REINIT")) {
        finish(file, counted);
        clients_.erase(session_);
      }
    }
    finish(file, counted);
  }
  int passed = 0, total = 0;

 private:
  TestClient& client() {
    auto [place, fresh] = clients_.try_emplace(session_, store_, settings_);
    if (fresh) (void)place->second.take_output();
    return place->second;
  }
  void finish(const fs::path& file, bool counted) {
    const Exchange exchange = std::exchange(pending_, {});
    if (exchange.sent.empty() || exchange.wanted.empty()) return;
    client().send(exchange.sent);
    const auto got = client().take_output();
    for (auto& [name, other] : clients_) other.wake();
    const bool passes = exchange_passes(exchange, got);
    if (!counted) return;
    ++total;
    passed += passes;
    if (passes || std::getenv("HIKYAKU_MPT_TELL") == nullptr) return;
    std::cout << "---- " << file.filename().string() << "\nC: " << exchange.sent.substr(0, 300);
    for (const auto& line : exchange.wanted) std::cout << "want: " << line.substr(0, 400) << "\n";
    std::cout << "got:  " << got.substr(0, 3000) << "\n";
  }

  fs::path folder_;
  ManualClock clock_;
  MemoryStore store_{clock_, '.'};
  SessionSettings settings_;
  std::map<std::string, TestClient> clients_;
  std::string session_ = "1";
  Exchange pending_;
};

bool starts_selected(std::string_view name) {
  for (const std::string_view prefix : {"Fetch", "Peek", "Expunge", "Rename"}) {
    if (name.starts_with(prefix)) return true;
  }
  if (name.contains("PartialFetch")) return true;
  for (const std::string_view exact : {"Search", "Store", "Uid", "Copy", "Move", "Replace", "Quota", "ObjectId", "Check", "AppendToSelected",
                                       "Namespace", "SearchSaveDate"}) {
    if (name == exact) return true;
  }
  return name.starts_with("Metadata");
}

// What needs a second account or stands before the login.
bool left_out(std::string_view name) {
  for (const std::string_view prefix : {"Sharing", "SharedMailbox", "ACL", "Login", "Authenticate", "ValidNonAuthenticated", "Welcome", "JustTag", "NoCommand", "SelectedState"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

TEST_CASE("imap dialogues of others") {
  const auto suite = find_suite();
  if (!suite) {
    MESSAGE("skipped: no shared test data");
    return;
  }
  int passed = 0, total = 0, whole = 0, scripts = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(*suite)) {
    if (entry.path().extension() == ".test" && !left_out(entry.path().stem().string())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    Script script(*suite);
    if (starts_selected(file.stem().string())) script.play(*suite / "SelectedStateSetup.test", false);
    script.play(file, true);
    passed += script.passed;
    total += script.total;
    whole += script.passed == script.total;
    ++scripts;
  }
  MESSAGE("passed ", passed, " of ", total, " exchanges, ", whole, " of ", scripts, " scripts whole");
  CHECK(passed * 100 >= total * 90);
}

}  // namespace
}  // namespace hikyaku::imap
