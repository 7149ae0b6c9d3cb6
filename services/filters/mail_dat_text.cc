#include "services/filters/mail_dat_text.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/cursor.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/table_text.h"

namespace hikyaku::filters {
namespace {

constexpr std::size_t longest_kept = 1'000;  // of a level or a warning

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

class Reader {
 public:
  MailDatText read(const mime::TableText& table) {
    unreadable_ = table.unreadable;
    std::string_view text = table.text;
    for (std::size_t line = 1; !text.empty(); ++line) {
      const auto end = text.find('\n');
      take(line, trimmed(text.substr(0, end)));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (full_) break;
    }
    if (block_) give_up();
    return std::move(read_);
  }

 private:
  enum class Inside : std::uint8_t { Block, Body, Warning };

  void give_up() {
    const auto line = block_->line;
    auto& bad = read_.bad;
    bad.push_back({line, "The block has no end; write BodyEnd:, WarningEnd: and VirusEnd: where they belong."});
    block_.reset();
  }

  void begin(std::size_t line, std::string_view name) {
    if (block_) give_up();
    auto& bad = read_.bad;
    full_ = read_.blocks.size() + bad.size() >= most_mail_dat_blocks;
    if (full_) return bad.push_back({line, "There are more than 1,000 blocks; the rest was not read."});
    block_.emplace();
    block_->line = line;
    block_->name = std::string(name);
    inside_ = Inside::Block;
  }

  // The value after the keyword.
  static std::optional<std::string_view> after(std::string_view line, std::string_view keyword) {
    if (!starts_with_ignoring_case(line, keyword)) return std::nullopt;
    return trimmed(line.substr(keyword.size()));
  }

  void take(std::size_t line, std::string_view text) {
    if (const auto name = after(text, "Virus:")) return begin(line, *name);
    if (!block_) {
      auto& bad = read_.bad;
      if (!text.empty() && text.front() != '\'' && bad.size() < most_mail_dat_blocks) bad.push_back({line, "The line stands in no block; blocks begin with Virus: and end with VirusEnd:."});
      return;
    }
    if (after(text, "VirusEnd:")) return end_block();
    if (std::ranges::binary_search(unreadable_, line)) return unknown(line);
    if (inside_ == Inside::Body) return take_body(line, text);
    if (inside_ == Inside::Warning) return take_warning(text);
    if (!text.empty() && text.front() != '\'') take_item(line, text);
  }

  void end_block() {
    if (inside_ != Inside::Block) return give_up();
    read_.blocks.push_back(*std::move(block_));
    block_.reset();
  }

  void take_body(std::size_t line, std::string_view text) {
    if (after(text, "BodyEnd:")) inside_ = Inside::Block;
    else if (text.starts_with('\'')) block_->comment_in_body = true;
    else if (!text.empty()) add(line, {MailDatItem::Kind::Body, {}, std::string(text)});
  }

  void take_warning(std::string_view text) {
    if (after(text, "WarningEnd:")) return void(inside_ = Inside::Block);
    if (!text.empty() && block_->warning.size() + text.size() < longest_kept) (block_->warning += block_->warning.empty() ? "" : " ") += text;
  }

  void add(std::size_t line, MailDatItem item) {
    if (block_->items.size() >= most_block_items) return unknown(line);
    block_->items.push_back(std::move(item));
  }

  void add_list(std::size_t line, std::string_view value) {
    if (block_->lists.size() >= most_block_items) return unknown(line);
    const auto end = std::min(value.find_first_of(" \t"), value.size());
    block_->lists.push_back({line, std::string(value.substr(0, end)), std::string(trimmed(value.substr(end)).substr(0, longest_kept))});
  }

  void unknown(std::size_t line) {
    if (block_->unknown.size() < most_block_items) block_->unknown.push_back(line);
  }

  void take_item(std::size_t line, std::string_view text) {
    for (const std::string_view field : {"Subject", "From", "To"})
      if (const auto value = after(text, std::string(field) + ":")) return add(line, {MailDatItem::Kind::Header, std::string(field), mime::decode_header_text(*value)});
    if (const auto value = after(text, "Unique-Header:")) {
      const auto colon = value->find(':');
      const auto words = colon == std::string_view::npos ? std::string_view{} : trimmed(value->substr(colon + 1));
      return add(line, {MailDatItem::Kind::Header, std::string(trimmed(value->substr(0, colon))), mime::decode_header_text(words)});
    }
    if (const auto value = after(text, "Attach:")) return value->empty() ? void() : add(line, {MailDatItem::Kind::Attach, {}, mime::decode_header_text(*value)});
    if (const auto value = after(text, "RBL:"); value && !value->empty()) return add_list(line, *value);
    if (const auto value = after(text, "Body:"); value && value->empty()) return void(inside_ = Inside::Body);
    if (const auto value = after(text, "Warning:"); value && value->empty()) return void(inside_ = Inside::Warning);
    if (const auto value = after(text, "Level:")) {
      block_->level = std::string(value->substr(0, longest_kept));
      ++block_->levels;
      return;
    }
    if (after(text, "Tag:")) return;  // of Level:3xx; its words are put into no subject here
    unknown(line);
  }

  std::span<const std::size_t> unreadable_;
  MailDatText read_;
  std::optional<MailDatBlock> block_;
  Inside inside_ = Inside::Block;
  bool full_ = false;
};

}  // namespace

MailDatText read_mail_dat(std::string_view octets) { return Reader{}.read(mime::read_table(octets)); }

}  // namespace hikyaku::filters
