// Reads the openspf test suites (rfc7208-tests.yml, rfc4408-tests.yml): the part of YAML that they use. For tests.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hikyaku::spf::suite {

struct Entry;
struct Node {
  std::string text;
  std::vector<Entry> map;
  std::vector<Node> list;
  [[nodiscard]] const Node* find(const std::string& key) const;
  [[nodiscard]] std::string value(const std::string& key) const;
};
struct Entry {
  std::string first;
  Node second;
};
inline const Node* Node::find(const std::string& key) const {
  for (const auto& [name, node] : map)
    if (name == key) return &node;
  return nullptr;
}
inline std::string Node::value(const std::string& key) const {
  const auto* node = find(key);
  return node == nullptr ? "" : node->text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  // The next document; false at the end.
  bool next(Node& into) {
    into = {};
    while (at_ < lines_.size() && (is_blank(lines_[at_]) || lines_[at_].starts_with("---"))) ++at_;
    if (at_ == lines_.size()) return false;
    into = block(0);
    return true;
  }

 private:
  static std::size_t indent(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }
  static bool is_blank(const std::string& line) { return indent(line) == line.size() || line[indent(line)] == '#'; }
  bool more(std::size_t least) {
    while (at_ < lines_.size() && is_blank(lines_[at_])) ++at_;
    return at_ < lines_.size() && !lines_[at_].starts_with("---") && indent(lines_[at_]) >= least;
  }

  Node block(std::size_t least) {
    Node node;
    if (!more(least)) return node;
    const auto depth = indent(lines_[at_]);
    while (more(depth) && indent(lines_[at_]) == depth) {
      const std::string line = lines_[at_].substr(depth);
      if (line.starts_with("- ")) {
        lines_[at_] = std::string(depth + 2, ' ') + line.substr(2);
        const std::string item = lines_[at_].substr(depth + 2);
        if (key_end(item) != std::string::npos) node.list.push_back(block(depth + 2));
        else node.list.push_back(scalar(item, depth));
      } else {
        const auto colon = key_end(line);
        std::string key = line.substr(0, colon);
        if (key.starts_with('"') || key.starts_with('\'')) key = key.substr(1, key.size() - 2);
        std::string rest = line.substr(std::min(colon + 1, line.size()));
        rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
        if (rest.empty()) ++at_, node.map.push_back({key, is_deeper(depth) ? block(depth + 1) : listed_here(depth)});
        else node.map.push_back({key, scalar(rest, depth)});
      }
    }
    return node;
  }
  bool is_deeper(std::size_t depth) { return more(depth + 1); }
  Node listed_here(std::size_t depth) { return more(depth) && lines_[at_].substr(depth).starts_with("- ") && indent(lines_[at_]) == depth ? block(depth) : Node{}; }
  // Where "key:" ends, or npos for what is no key.
  static std::size_t key_end(const std::string& line) {
    std::size_t from = 0;
    if (line.starts_with('"') || line.starts_with('\'')) from = line.find(line[0], 1);
    if (from == std::string::npos || line.starts_with('[')) return std::string::npos;
    for (auto at = line.find(':', from); at != std::string::npos; at = line.find(':', at + 1))
      if (at + 1 == line.size() || line[at + 1] == ' ') return at;
    return std::string::npos;
  }

  // A value that begins with `rest` on this line; what belongs to it below is deeper than `depth`.
  Node scalar(std::string rest, std::size_t depth) {
    ++at_;
    if (rest == ">-" || rest == "|-" || rest == ">" || rest == "|") return folded(depth);
    if (rest.starts_with('"') || rest.starts_with('\'') || rest.starts_with('[')) {
      while (!closed(rest) && at_ < lines_.size()) rest += " " + lines_[at_].substr(indent(lines_[at_])), ++at_;
      std::size_t at = 0;
      return rest.starts_with('[') ? flow_list(rest, at) : Node{quoted(rest, at), {}, {}};
    }
    while (more(depth + 1)) rest += " " + lines_[at_].substr(indent(lines_[at_])), ++at_;
    if (const auto comment = rest.find(" #"); comment != std::string::npos) rest.erase(comment);
    rest.erase(rest.find_last_not_of(' ') + 1);
    return {rest, {}, {}};
  }
  Node folded(std::size_t depth) {
    Node node;
    while (at_ < lines_.size() && (indent(lines_[at_]) == lines_[at_].size() || indent(lines_[at_]) > depth)) {
      if (!node.text.empty()) node.text += ' ';
      node.text += lines_[at_].substr(indent(lines_[at_])), ++at_;
    }
    return node;
  }
  static bool closed(const std::string& text) {
    char quote = 0;
    int open = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (quote == '"' && c == '\\') ++at;
      else if (quote != 0) quote = c == quote ? 0 : quote;
      else if (c == '"' || c == '\'') quote = c;
      else if (c == '[') ++open;
      else if (c == ']') --open;
    }
    return quote == 0 && open == 0;
  }
  static std::string quoted(const std::string& text, std::size_t& at) {
    const char quote = text[at++];
    std::string out;
    for (; at < text.size() && text[at] != quote; ++at) {
      if (quote == '"' && text[at] == '\\') out += escaped(text, ++at);
      else out += text[at];
    }
    ++at;
    return out;
  }
  // "\x96" is the character U+0096, in UTF-8; the rest of what the suite writes is one octet.
  static std::string escaped(const std::string& text, std::size_t& at) {
    const char c = text[at];
    if (c == 'n') return "\n";
    if (c == 't') return "\t";
    if (c == '0') return std::string(1, '\0');
    if (c != 'x') return std::string(1, c);
    const auto code = static_cast<unsigned>(std::stoul(text.substr(at + 1, 2), nullptr, 16));
    at += 2;
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  }
  static Node flow_list(const std::string& text, std::size_t& at) {
    Node node;
    for (++at; at < text.size() && text[at] != ']';) {
      if (text[at] == ' ' || text[at] == ',') ++at;
      else if (text[at] == '"' || text[at] == '\'') node.list.push_back({quoted(text, at), {}, {}});
      else {
        const auto end = std::min(text.find_first_of(",]", at), text.size());
        std::string item = text.substr(at, end - at);
        item.erase(item.find_last_not_of(' ') + 1);
        node.list.push_back({item, {}, {}});
        at = end;
      }
    }
    ++at;
    return node;
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

}  // namespace hikyaku::spf::suite
