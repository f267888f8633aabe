"""Who else a message speaks of, as parts of patterns."""

#: The customer who paid, in Chinese and in English.
CUSTOMER_ZH = "(?:顾客|客人|客户|持卡人|买家|乘客|住客|房客|对方|人家|他|她)"
CUSTOMER_EN = r"\b(?:customer|cardholder|buyer|client|guest)s?\b"
#: Other customers of his, right before how they pay.
OTHER_CUSTOMERS = "(?:别人|其他人|(?:别的|其他)客人)"
#: Other shops, right before a mode of settlement: there "others" are no customers.
OTHER_SHOPS = (
    "(?:别人家?|别家|别的店|人家|隔壁|邻居|同行|朋友|其他人|大家)(?:那边|那儿|的|店里?|机器|家|们)*"
    "(?:怎么|咋|为什么)?(?:都|也|就|全|可以|能|是)*"
)
