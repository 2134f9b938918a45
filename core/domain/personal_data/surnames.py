"""Surnames, and what is said behind them, for finding people in texts."""

from typing import Final

from core.domain.chat.name_vocabulary import SURNAMES

COMPOUND_SURNAMES: Final = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 "
    "太叔 申屠 公孙 慕容 仲孙 "
    "钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 "
    "轩辕 令狐 段干 百里 呼延 "
    "独孤 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五".split()
)
"""Surnames of two characters."""
LONG_TITLES: Final = (
    "先生|女士|小姐|太太|夫人|同学|老师|经理|总监|总裁|老板娘|老板|师傅|主任|主管|院长|校长|店长|部长|处长|局长|科长|厂长|会计|"
    "律师|医生|大夫|护士|教练|教授|工程师|顾问|助理|董事长|董事|某某|阿姨|大哥|大姐|大爷|大妈|博士|书记|队长|组长|站长|会长"
)
TITLES: Final = f"{LONG_TITLES}|某|董|总|工|哥|姐|弟|妹|叔|姨|伯|婶|爷|嫂"
"""What is said behind a surname to address somebody."""
SINGLE_SURNAMES: Final = SURNAMES | frozenset(
    "覃佟佘仝邸苟亢逯晋庹缑隋矫鞠展修冼揭兰凡代仉岳楚窦昝亓芈郜雒乜隗郗郄笪厍逄麹麴阚旷谌谯蹇鄢佴甯帅卜湛栗甄贲芮羿汲邴糜弓暴戎蓟姬申郦郤璩"
    "郏浦宦庾暨殳訾毋巢蒯荆竺权桓苑鲜仵迟粟练裘嵇滑逯玉阳官游鹿闻伏敬税植敖付闫阎"
)
"""Surnames of one character, rare ones that no parser of chats should rely on among them."""
SURNAME: Final = f"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{''.join(sorted(SINGLE_SURNAMES))}])"
"""Pattern of a surname."""
_GIVEN_CHARACTERS: Final = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉萍红梅鑫鹏飞宇浩轩博文涵萱怡佳欣雅婷雨思梦琪诗"
    "瑶雪莹琳颖慧洁倩蕾薇蓉菲燕莉珍珠玲凤琴云莲华春秋菊香月荣爱彩淑惠嘉俊豪杭志庆峰辉斌波宁龙毅凯健翔"
    "宏海江河林森松柏栋梁材昌盛富贵祥瑞吉安康乐福寿喜永恒远达德仁义礼智忠孝和泽润宗祖继承光耀宙晨曦旭"
    "阳昊天乾坤子梓紫若依芯馨悦心语嫣然灵韵艺舒畅锦绣程皓睿哲逸凡峻熙尧舜禹瀚淼焱煜炜烨炎振青黛墨砚书"
    "画棋兵卫邦宝贝珊瑚琼瑾瑜璇璐琦珂珏玥瑗璟蓓蕊芸茜苗芹芝芷蔓蔚苇芬芮茵荷莎娅婉婧媛嫒娇妍妮姝姗娴妙"
    "妤媚嫚婵娥巧丹彤绮缨纯素绢纨纲纪绍绪络缘凌冰冬寒霜露霏霖霄震雷雯霆鸣鸿鹤鹃鹰雁骏驰骥骁骞奕弈弘弛"
    "彬彦彪征衡徽律御循微忆恺悌悟惟惜懿扬拓挺捷攀敬斐斯旋昂昆昕星映昭晏晗晓晔晖晟晴景暄暖朋朗望朴杉杏"
    "柔柯柳栩桐桦梵棠楚楠槐樱欢歆殊毓沁沛沐沙泉泓洪洲浚浦涓淇淳清渊湘湛源溪滢漪潇潮澄澜灏灿炅炫烁焕熠"
    "燃爽玄玮珑琛琬瑄瑛甜甫盈益硕祎祺禄禾秦稳竣竹笑筠筱策简粤繁绯缇罗羽翊翎翠翰聪肖胜腾舟航良艾芊苑茂"
    "荃莘菁菡萌葵蒙蓝蕙薪藏蘅虎虹蝶衍裕诚谦谨豫贤赞赫越跃轲轶辰迅迎逍遥郁郡野金铎铠铭锋锐镇镜闻阔陆隽"
    "佩炳麟坚卿仪宜靖亮君威岚秉钧铮钰锴娥姣婕婳嬛琰琨珩玟瑀璋珈珺琮昀昱旻炯烽苓芃芙苒茉莞蓁薰昶朔楷榕榛樟沅沄洛洵涟渝漾瀛翰胤臻谊颢飏骅"
    "雄韬音韶顺颂颐频飒馥魁麒黎默齐"
)
GIVEN: Final = f"[{_GIVEN_CHARACTERS}]"
"""Pattern of a character that given names are made of."""
