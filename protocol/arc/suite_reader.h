// Reads the ARC suites (arc-draft-*-tests.yml): the part of YAML that they use. For tests.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::arc::suite {

using Fields = std::map<std::string, std::string>;
struct Case {
  std::string name;
  Fields fields;
};
struct Document {
  std::vector<Case> tests;
  Fields txt_records, top;
};

class Reader {
 public:
  explicit Reader(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  std::vector<Document> all() {
    std::vector<Document> documents(1);
    while (at_ < lines_.size()) {
      auto& document = documents.back();
      const auto& line = lines_[at_];
      if (line.starts_with("---")) documents.emplace_back(), ++at_;
      else if (is_blank(line)) ++at_;
      else if (line.starts_with("tests:")) ++at_, read_tests(document);
      else if (line.starts_with("txt-records:")) ++at_, read_fields(2, document.txt_records);
      else read_field(0, document.top);
    }
    return documents;
  }

 private:
  static std::size_t indent(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }
  static bool is_blank(const std::string& line) { return indent(line) == line.size(); }
  static std::string trimmed(std::string text) {
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  void read_tests(Document& document) {
    while (at_ < lines_.size() && (is_blank(lines_[at_]) || indent(lines_[at_]) == 2)) {
      if (is_blank(lines_[at_++])) continue;
      const auto name = trimmed(lines_[at_ - 1]);
      document.tests.push_back({name.substr(0, name.size() - 1), {}});
      read_fields(4, document.tests.back().fields);
    }
  }
  void read_fields(std::size_t depth, Fields& into) {
    while (at_ < lines_.size() && (is_blank(lines_[at_]) || indent(lines_[at_]) == depth)) {
      if (is_blank(lines_[at_])) ++at_;
      else if (lines_[at_].starts_with("---")) return;
      else read_field(depth, into);
    }
  }
  // "key: value", "key: |" and "key: >-"
  void read_field(std::size_t depth, Fields& into) {
    const auto line = lines_[at_++];
    const auto colon = line.find(':', depth);
    auto value = trimmed(line.substr(colon + 1));
    if (value == "|" || value == ">-") value = block(depth);
    into[line.substr(depth, colon - depth)] = value;
  }
  std::string block(std::size_t depth) {
    std::string text;
    std::size_t margin = 0;
    for (; at_ < lines_.size() && (is_blank(lines_[at_]) || indent(lines_[at_]) > depth); ++at_) {
      const auto& line = lines_[at_];
      if (margin == 0 && !is_blank(line)) margin = indent(line);
      text += line.substr(std::min(margin == 0 ? line.size() : margin, line.size())) + "\n";
    }
    while (text.ends_with("\n\n")) text.pop_back();
    return text;
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

}  // namespace hikyaku::arc::suite
