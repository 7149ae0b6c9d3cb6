#include "services/filters/header_edits.h"

#include <algorithm>
#include <list>

#include "base/cursor.h"
#include "protocol/mime/header.h"

namespace hikyaku::filters {
namespace {

struct Field {
  std::string_view name;  // empty: no field, or ours
  std::string whole;
};

class Editor {
 public:
  Editor(std::string_view header, std::size_t ours) {
    ours = std::min(ours, header.size());
    top_ = header.substr(0, ours);
    mime::HeaderReader reader(header.substr(ours));
    while (const auto field = reader.next()) fields_.push_back({field->name, std::string(field->whole)});
    end_ = header.substr(ours + static_cast<std::size_t>(reader.position()));
    // What follows begins a line of its own.
    if (!fields_.empty() && !fields_.back().whole.ends_with('\n')) fields_.back().whole += "\r\n";
  }

  void apply(const HeaderEdit& edit) {
    switch (edit.kind) {
      case HeaderEdit::Kind::Append: return void(fields_.push_back({edit.name, field_octets(edit.name, edit.value)}));
      case HeaderEdit::Kind::Insert: return insert(edit);
      case HeaderEdit::Kind::Change: return change(edit);
      case HeaderEdit::Kind::Remove: return void(fields_.remove_if([&](const Field& field) { return equal_ignoring_case(field.name, edit.name); }));
    }
  }

  [[nodiscard]] std::string text() const {
    std::string out = top_;
    for (const auto& field : fields_) out += field.whole;
    return out.append(end_);
  }

 private:
  void insert(const HeaderEdit& edit) {
    auto octets = field_octets(edit.name, edit.value);
    if (edit.place == 0) return void(top_.insert(0, octets));
    auto at = fields_.begin();
    for (std::uint32_t passed = 1; passed < edit.place && at != fields_.end(); ++passed) ++at;
    fields_.insert(at, {edit.name, std::move(octets)});
  }

  void change(const HeaderEdit& edit) {
    std::uint32_t seen = 0;
    const auto found = std::ranges::find_if(fields_, [&](const Field& field) { return !field.name.empty() && equal_ignoring_case(field.name, edit.name) && ++seen == std::max<std::uint32_t>(1, edit.place); });
    if (found == fields_.end()) {
      if (!edit.value.empty()) fields_.push_back({edit.name, field_octets(edit.name, edit.value)});
      return;
    }
    if (edit.value.empty()) return void(fields_.erase(found));
    found->whole = field_octets(edit.name, edit.value);
  }

  std::string top_;
  std::list<Field> fields_;
  std::string_view end_;
};

}  // namespace

std::string field_octets(std::string_view name, std::string_view value) {
  std::string out(name);
  out += ':';
  while (!value.empty()) {
    auto line = value.substr(0, value.find('\n'));
    value.remove_prefix(std::min(value.size(), line.size() + 1));
    if (line.find_first_not_of(std::string_view(" \t\r\0", 4)) == std::string_view::npos) continue;  // an empty line would end the header
    if (out.ends_with('\n') && line[0] != ' ' && line[0] != '\t') out += '\t';
    for (const char octet : line)
      if (octet != '\r' && octet != '\0') out += octet;
    out += "\r\n";
  }
  if (!out.ends_with('\n')) out += "\r\n";
  return out;
}

std::string edit_header(std::string_view header, std::size_t ours, const std::vector<HeaderEdit>& edits) {
  Editor editor(header, ours);
  for (const auto& edit : edits) editor.apply(edit);
  return editor.text();
}

}  // namespace hikyaku::filters
