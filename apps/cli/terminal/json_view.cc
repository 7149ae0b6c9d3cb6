#include "apps/cli/terminal/json_view.h"

#include <boost/json.hpp>

namespace hikyaku::cli {

namespace json = boost::json;

// A place in a document that all views of it keep alive.
struct JsonView::Node {
  std::shared_ptr<const json::value> document;
  const json::value* value = nullptr;
  [[nodiscard]] const json::value* find(std::string_view key) const {
    const auto* object = value ? value->if_object() : nullptr;
    return object ? object->if_contains(json::string_view(key.data(), key.size())) : nullptr;
  }
};

std::optional<JsonView> JsonView::parse(std::string_view text) {
  json::error_code problem;
  auto value = json::parse(json::string_view(text.data(), text.size()), problem);
  if (problem) return std::nullopt;
  auto document = std::make_shared<const json::value>(std::move(value));
  const auto* root = document.get();
  return JsonView(std::make_shared<const Node>(Node{std::move(document), root}));
}

bool JsonView::has(std::string_view key) const { return node_->find(key) != nullptr; }

JsonView JsonView::at(std::string_view key) const {
  return JsonView(std::make_shared<const Node>(Node{node_->document, node_->find(key)}));
}

std::string JsonView::text(std::string_view key) const {
  const auto* value = node_->find(key);
  const auto* found = value ? value->if_string() : nullptr;
  return found ? std::string(found->data(), found->size()) : "";
}

std::uint64_t JsonView::number(std::string_view key) const {
  const auto* value = node_->find(key);
  if (!value) return 0;
  if (const auto* whole = value->if_int64()) return static_cast<std::uint64_t>(std::max<std::int64_t>(0, *whole));
  const auto* unsigned_whole = value->if_uint64();
  return unsigned_whole ? *unsigned_whole : 0;
}

double JsonView::real(std::string_view key) const {
  const auto* value = node_->find(key);
  const auto* found = value ? value->if_double() : nullptr;
  return found ? *found : static_cast<double>(number(key));
}

std::vector<std::pair<std::string, std::string>> JsonView::named_texts() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (const auto* object = node_->value ? node_->value->if_object() : nullptr)
    for (const auto& member : *object)
      if (const auto* found = member.value().if_string()) out.emplace_back(std::string(member.key().data(), member.key().size()), std::string(found->data(), found->size()));
  return out;
}

std::vector<JsonView> JsonView::items() const {
  std::vector<JsonView> out;
  if (const auto* array = node_->value ? node_->value->if_array() : nullptr)
    for (const auto& value : *array) out.push_back(JsonView(std::make_shared<const Node>(Node{node_->document, &value})));
  return out;
}

std::vector<std::string> JsonView::texts() const {
  std::vector<std::string> out;
  if (const auto* array = node_->value ? node_->value->if_array() : nullptr)
    for (const auto& value : *array)
      if (const auto* found = value.if_string()) out.emplace_back(found->data(), found->size());
  return out;
}

}  // namespace hikyaku::cli
