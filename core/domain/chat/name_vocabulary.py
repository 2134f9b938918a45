"""Vocabulary of names and labels in Chinese business chats: what field labels end with, titles, surnames.

It comes from many trades (software, renovation, schools, clinics, freight, cars), not from names seen in one place.
"""

from typing import Final

LABEL_ENDS: Final = tuple(
    """
    时间 日期 年份 生日 地址 地点 地区 区域 位置 路线 线路 电话 手机 手机号 号码 号 邮箱 邮件 微信 链接 网址
    官网 网站 地图 入口 平台 系统 后台 名称 名字 姓名 主题 标题 题目 内容 背景 说明 介绍 描述 备注 要求 需求
    目标 目的 原因 问题 情况 状态 进度 结果 结论 方案 计划 安排 步骤 流程 方法 方式 渠道 途径 规则 条件 政策
    标准 规格 型号 类型 种类 类别 分类 品类 版本 功能 特点 优势 亮点 差异 背书 案例 数量 人数 件数 台数 套数
    重量 体积 尺寸 面积 户型 楼层 朝向 风格 颜色 材质 品牌 车型 排量 里程 车牌 时长 期限 周期 工期 效期 有效期
    年限 频率 次数 价格 单价 总价 报价 售价 原价 金额 费用 费 运费 预算 首付 尾款 定金 押金 税 税率 税号 税额
    利率 比例 折扣 优惠 账号 账户 帐号 用户名 密码 口令 验证码 编号 单号 订单 合同 发票 抬头 单位 公司 企业 机构
    部门 岗位 职位 行业 学校 年级 班级 科目 课程 老师姓名 讲师 主讲 嘉宾 主办方 会议号 会议室 议程 部分 范围
    对象 人群 适应症 症状 部位 项目 疗程 剂量 用法 用量 注意事项 提示 提醒 公告 通知 须知 总结 小结 汇总 明细
    清单 列表 附件 文件 文档 资料 手册 指南 教程 视频 图片 回复 收款 付款 开户行 银行 支行 户名 卡号 起点 终点
    目的地 始发地 货物 品名 件重 柜型 船期 参数 配置 数据 指标 分数 得分 ID Id id URL url QQ WiFi wifi 中心 会议
    动作 事项 条款 权益 服务 支持 过期 导航 搜索 信息 应用 模块 楼栋
    """.split()
)
"""Words that a field label ends with."""

LABELS: Final = frozenset(
    """
    注 备注 注意 注意事项 提示 温馨提示 说明 例如 比如 例 如 即 答 问 问题 原因 结论 总结 其中 其他 另外 附 附件
    如下 详情 主题 时间 地点 人员 参会人 参会人员 与会人员 参与人 联系人 收件人 收货人 寄件人 发件人 负责人
    对接人 经办人 签收人 客户 司机 乘客 家长 学生 学员 患者 孩子 姓名 性别 年龄 身高 体重 电话 手机 微信 邮箱
    地址 省份 城市 年级 学校 品牌 型号 车型 颜色 户型 面积 预算 工期 风格 单价 总价 小计 合计 总计 共计 账号
    密码 用户名 链接 网址 优点 缺点 优势 现货 活动 福利 内容 标题 来源 编号 序号 数量 单位 规格 含税 不含税 税额
    注册 登录 用法 答案 需求 目的 背景 方案 建议 反馈 步骤 流程 起 讫 自 至 从 到 周一 周二 周三 周四 周五 周六
    周日 上午 中午 下午 晚上 今天 明天 昨天 PS ps P.S Q A Tips TIPS tips
    """.split()
)
"""Words that are labels when they stand alone."""

ROLES: Final = frozenset(
    """
    人工 班主任 骑手 店员
    客户 顾客 用户 访客 游客 买家 卖家 买方 卖方 商家 店家 店主 厂家 供应商 采购 采购方 经销商 代理商 会员 粉丝 主播
    客服 人工客服 智能客服 在线客服 售前 售后 坐席 座席 接线员 来电人 来电者 主叫 被叫 咨询人 咨询者 咨询师 机器人
    销售 顾问 业务员 中介 经纪人 业主 房东 房客 租客 租户 物业 设计师 工长 师傅 司机 乘客 货主 车主 收件人 收货人
    寄件人 发件人 负责人 对接人 联系人 经办人 医生 大夫 护士 患者 病人 家属 老师 教师 学生 学员 同学 家长 孩子 校长
    律师 当事人 委托人 甲方 乙方 丙方 甲 乙 丙 丁 男 女 男士 女士 我方 对方 己方 本方 我 你 他 她 问 答 提问 回答
    提问者 回答者 主持人 嘉宾 记者 面试官 候选人 求职者 应聘者 教练 前台 店长 经理 会计 发言人 说话人 讲话人 参与者
    观众 a b c d e f g h q agent assistant customer client user buyer seller staff support service operator bot ai human
    doctor patient nurse teacher student parent driver passenger host guest me you speaker spk caller visitor rep
    representative admin manager tenant landlord applicant candidate interviewer interviewee moderator participant owner
    人工 住户 居民 快递员 骑手 外卖员 商户 代理人 投保人 申请人 来访者 来电 班长 组长 队长
    """.split()
)
"""What parties of a conversation are called who have no name, in small letters."""

TITLE_ENDS: Final = tuple(
    """
    总 老师 经理 医生 大夫 护士 先生 女士 小姐 太太 姐 哥 弟 妹 妈妈 爸爸 妈 爸 爷爷 奶奶 阿姨 叔叔 叔 师傅 顾问
    客服 小助手 助理 助手 管家 店长 律师 教练 校长 院长 主任 主管 总监 工程师 设计师 销售 班主任 老板 老板娘
    学姐 同学 医助 咨询师 会计 运营 商务 导游 物业 前台 监理 跟单 仓库 司机 主播 策划师 代理 采购 财务 法务 店员
    维修 调度 售后 售前 技术 专员 家长
    """.split()
)
"""Endings of nicknames and titles that mark a person."""

SURNAMES: Final = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗"
    "凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛"
    "禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡"
    "凌霍虞万支柯管卢莫房裘缪解应宗丁宣邓郁单杭洪包诸左石崔吉钮龚程嵇邢裴陆荣翁荀惠曲封储靳段巫乌焦巴车侯宓蓬"
    "全班仰秋仲伊宫宁仇栾甘厉祖武符刘景詹束龙叶幸司韶黎溥印宿白怀蒲邰鄂索咸籍赖卓蔺屠蒙池乔阴胥苍双闻莘党翟谭"
    "劳冉宰雍桑桂濮牛寿通边扈燕冀尚农温别庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖终衡步都耿满弘匡国文寇广阙东欧"
    "沃利蔚越夔隆师巩聂晁勾敖融冷辛阚那简饶空曾沙关肖涂"
)
"""Surnames of one character."""
